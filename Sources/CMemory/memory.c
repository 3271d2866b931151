#define _GNU_SOURCE
#include "CMemory.h"

#include <stdlib.h>
#ifdef __linux__
#include <sys/mman.h>
#endif
#ifdef __GLIBC__
#include <malloc.h>
#endif

void cmemory_use_one_heap(void) {
#ifdef __GLIBC__
    mallopt(M_ARENA_MAX, 1);
#endif
}

void cmemory_give_back(void) {
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

int cmemory_file(void) {
#ifdef __linux__
    return memfd_create("tomopilot", MFD_CLOEXEC);
#else
    return -1;
#endif
}
