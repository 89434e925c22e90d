#include "block.h"

#include <stdio.h>
#include <string.h>

#define MAGIC "STAMPED1" // without its NUL

uint64_t mix(uint64_t *state)
{
    uint64_t value = *state += 0x9e3779b97f4a7c15u;
    value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9u;
    value = (value ^ value >> 27) * 0x94d049bb133111ebu;
    return value ^ value >> 31;
}

static uint64_t checksum(const struct block *block)
{
    // Each step of it is a bijection of the sum, so one changed word always changes the end
    uint64_t sum = 0xcbf29ce484222325u, word;
    for (unsigned at = 0; at < BLOCK_BYTES; at += 8) {
        memcpy(&word, (const char *)block + at, 8);
        if (at == __builtin_offsetof(struct block, checksum))
            word = 0;
        sum = (sum ^ word) * 0x100000001b3u;
        sum ^= sum >> 29;
    }
    return sum;
}

void block_stamp(struct block *block, const uint8_t uuid[16], uint64_t number, uint64_t sequence, uint64_t generation)
{
    uint64_t state = sequence * 0xd6e8feb86659fd93u ^ number;
    memcpy(block->magic, MAGIC, sizeof block->magic);
    memcpy(block->uuid, uuid, 16);
    block->number = number;
    block->sequence = sequence;
    block->generation = generation;
    block->checksum = 0;
    for (unsigned word = 0; word < FILL_WORDS; word++)
        block->fill[word] = mix(&state);
    block->checksum = checksum(block);
}

bool block_is_blank(const struct block *block)
{
    const char *bytes = (const char *)block;
    return bytes[0] == 0 && !memcmp(bytes, bytes + 1, BLOCK_BYTES - 1);
}

bool block_has_magic(const struct block *block) { return !memcmp(block->magic, MAGIC, sizeof block->magic); }

bool block_is_whole(const struct block *block) { return block->checksum == checksum(block); }

void uuid_text(const uint8_t uuid[16], char *text)
{
    for (int byte = 0; byte < 16; byte++)
        text += sprintf(text, "%s%02x", byte == 4 || byte == 6 || byte == 8 || byte == 10 ? "-" : "", uuid[byte]);
}

bool uuid_parse(const char *text, uint8_t uuid[16])
{
    int digits = 0;
    memset(uuid, 0, 16);
    for (; *text; text++) {
        static const char hex[] = "0123456789abcdef";
        const char *digit = strchr(hex, *text | 0x20);
        if (*text == '-')
            continue;
        if (!digit || digits == 32)
            return false;
        uuid[digits / 2] = (uint8_t)(uuid[digits / 2] << 4 | (digit - hex));
        digits++;
    }
    return digits == 32;
}
