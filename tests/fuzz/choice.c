#include "choice.h"

static const uint8_t *input, *input_end;
static uint64_t generator;

void choice_begin(const uint8_t *data, size_t size)
{
	input = data;
	input_end = data + size;
	generator = 0x9e3779b97f4a7c15u ^ size;
	for (size_t i = 0; i < size; i++)
		generator = generator * 31 + data[i] + 1;
}

void choice_end(void)
{
	input = input_end;
}

static uint32_t draw32(void)
{
	generator ^= generator >> 12;
	generator ^= generator << 25;
	generator ^= generator >> 27;
	return (uint32_t)(generator * 0x2545f4914f6cdd1du >> 32);
}

uint32_t draw(uint32_t below)
{
	uint32_t v = input < input_end ? *input++ : draw32();

	if (below > 256 && input < input_end)
		v = v << 8 | *input++;
	return v % below;
}

bool one_in(uint32_t n)
{
	return draw(n) == 0;
}
