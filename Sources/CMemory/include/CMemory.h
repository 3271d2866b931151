#ifndef CMEMORY_H
#define CMEMORY_H

/// Makes all threads take memory from one heap, where the C library has several. To be called before there are threads: of the heaps of
/// others only what lies between blocks in use is ever given back, not what was used before at their end, tens of megabytes each.
void cmemory_use_one_heap(void);

/// Gives memory that the C library keeps for later back to the system, where the C library can.
void cmemory_give_back(void);

/// A file that lies in memory and has no name; -1 where the system has none, with errno.
int cmemory_file(void);

#endif
