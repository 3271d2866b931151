print("This program is being written.")
