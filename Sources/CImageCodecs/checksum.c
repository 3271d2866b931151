#include "CImageCodecs.h"
#include <string.h>

uint64_t codec_checksum(uint64_t start, const void *bytes, size_t length) {
    const unsigned char *next = bytes;
    uint64_t sum = start;
    for (; length >= 8; length -= 8, next += 8) {
        uint64_t word;
        memcpy(&word, next, 8);
        sum = (sum ^ word) * 0x9E3779B97F4A7C15u;
        sum ^= sum >> 29;
    }
    for (; length > 0; length--, next++) sum = (sum ^ *next) * 0x100000001B3u;
    return sum;
}
