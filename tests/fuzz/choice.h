/* choice.h - what a fuzzed life does next: the input's bytes say it, and when they are
 * used up, a generator that begins with a hash of them. */
#ifndef TESTS_CHOICE_H
#define TESTS_CHOICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The input is borrowed until the next one or choice_end(). */
void choice_begin(const uint8_t *data, size_t size);

/* What is left of the input is not used. */
void choice_end(void);

/* Any number below another. */
uint32_t draw(uint32_t below);
bool one_in(uint32_t n);

#endif
