#ifndef CMEMORY_H
#define CMEMORY_H

/// Gives memory that the C library keeps for later back to the system, where the C library can.
void cmemory_give_back(void);

#endif
