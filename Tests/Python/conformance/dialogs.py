"""Dialogs (4.4): those that NoMessageBoxOnError suppresses, and the answers of an operator who says yes to the others."""
from harness import Section, equal, holds, near, nothing, numbers, ready, texts

section = Section("dialogs", ready)
check = section.check


@check("YesNoBox", "ThreeChoiceBox")
def suppressed_boxes_answer_no_and_the_third_choice(sem):
    equal("YesNoBox", numbers("YesNoBox", sem.YesNoBox("Really?"), 1), 0)
    for name, text in (("header", "What now?"), ("one", "Go on"), ("two", "Stop"), ("three", "Skip"), ("buttons", "Go\nStop\nSkip")):
        sem.SetVariable(name, text)
    equal("ThreeChoiceBox", numbers("ThreeChoiceBox", sem.ThreeChoiceBox("header", "one", "two", "three", "buttons"), 1), 3)


@check("Pause")
def pause_goes_on_when_the_operator_says_yes(sem):
    equal("Pause", numbers("Pause", sem.Pause("Ready?"), 1), 1)


@check("OKBox")
def a_message_reports_nothing(sem):
    nothing("OKBox", sem.OKBox("Done."))


@check("EnterDefaultedNumber", "EnterOneNumber")
def a_number_that_is_entered_is_reported(sem):
    near("EnterDefaultedNumber", numbers("number", sem.EnterDefaultedNumber(7.5, 1, "How many?"), 1), 7.5, 1e-6)
    numbers("EnterOneNumber", sem.EnterOneNumber("How many?"), 1)


@check("EnterString")
def a_text_that_is_entered_is_in_the_variable(sem):
    nothing("EnterString", sem.EnterString("answer", "Name of the grid?"))
    holds("the variable", isinstance(sem.GetVariable("answer"), str), "a text", sem.GetVariable("answer"))


@check("UserSetDirectory")
def the_chosen_directory_is_reported(sem):
    chosen = texts("UserSetDirectory", sem.UserSetDirectory("Where to?"), 1)
    holds("the directory", chosen == "Cancel" or chosen == sem.ReportDirectory(), "the directory or Cancel", chosen)


@check("ManyChoiceBox", "ChooserForTextFile")
def choices_are_reported(sem):
    sem.R()
    sem.SetVariable("header", "Which?")
    sem.SetVariable("labels", "one\ntwo")
    sem.SetVariable("values", "0\n1")
    holds("ManyChoiceBox", isinstance(sem.ManyChoiceBox(0, "header", "labels", "values"), (float, tuple)), "a number", None)
    texts("ChooserForTextFile", sem.ChooserForTextFile(0), 1)
    sem.OpenNavigator()
    sem.AddStagePosAsNavPoint(0, 0, 0)


section.plain("OpenDialog", "Multigrid", or_refused=True)
section.plain("ImposeToolbarColor", 1, 0, "red", or_refused=True)
section.plain("SendEmail", "text", or_refused=True)
section.plain("ErrorBoxSendEmail", "text", or_refused=True)
section.plain("SetNextEmailAddress", 0, or_refused=True)
section.plain("SetTiltSeriesAtItem", 1, 1, reports=1, or_refused=True)
section.plain("SetupScopeMessage", 1)
section.plain("ShowMessageOnScope", "Title", reports=2)
section.plain("ChooserForNewFile", 0, "file", or_refused=True)
section.plain("EnterNameOpenFile", or_refused=True)
section.plain("UserOpenOldFile", or_refused=True)
section.plain("WaitForNewMarkerPoint", or_refused=True)


if __name__ == "__main__":
    section.run()
