/* replay.c - runs a fuzz target without a fuzzer, and tells the result as TAP.
 *
 * Linked with one target.  First every file of its corpus is run, then many
 * inputs mutated from them by a generator with a fixed seed, so two runs are
 * the same run.  All of that happens in a child that keeps the input at hand in
 * shared memory: when it dies, the parent writes that input to FUZZ_TARGET.crash
 * in the current directory.  Run with names of files, only these are run.
 *
 * FUZZ_TARGET is the name of the target and of its folder below
 * tests/fuzz/corpus, FUZZ_ROUNDS how many mutated inputs there are. */
#include <assert.h>
#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define INPUT_MAX 4096u
#define CORPUS_MAX 1024u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	uint32_t n;
	uint8_t data[INPUT_MAX];
};

static struct input corpus[CORPUS_MAX];
static unsigned corpus_count;
static struct input *current;    /* shared with the parent */

/* Runs an exact copy on the heap, where a sanitizer sees a byte too far. */
static void run(const struct input *in)
{
	uint8_t *copy = malloc(in->n ? in->n : 1);

	assert(copy);
	*current = *in;
	memcpy(copy, in->data, in->n);
	LLVMFuzzerTestOneInput(copy, in->n);
	free(copy);
}

static void load(const char *path)
{
	FILE *f = fopen(path, "rb");
	struct input *in = &corpus[corpus_count];

	if (!f) {
		perror(path);
		exit(1);
	}
	assert(corpus_count < CORPUS_MAX);
	in->n = (uint32_t)fread(in->data, 1, INPUT_MAX, f);
	fclose(f);
	corpus_count++;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_input(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static void load_folder(void)
{
	const char *top = getenv("COAPD_SRCDIR");
	struct dirent **names;
	char path[4096];
	int n;

	snprintf(path, sizeof path, "%s/tests/fuzz/corpus/" FUZZ_TARGET, top ? top : ".");
	n = scandir(path, &names, is_input, by_name);
	if (n < 0) {
		perror(path);
		exit(1);
	}
	for (int i = 0; i < n; i++) {
		char file[4096 + 256];

		snprintf(file, sizeof file, "%s/%s", path, names[i]->d_name);
		load(file);
		free(names[i]);
	}
	free(names);
}

/* --- mutation ---------------------------------------------------------------- */

static uint64_t state = 0x9e3779b97f4a7c15u;

/* xorshift64*: small, fixed, and good enough to spread inputs. */
static uint32_t draw(uint32_t below)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (uint32_t)((state * 0x2545f4914f6cdd1du >> 32) % (below ? below : 1));
}

static void set_byte(struct input *in)
{
	static const uint8_t telling[] = {
		0x00, 0x01, 0x0c, 0x0d, 0x0e, 0x0f, 0x7f, 0x80, 0xc0,
		0xd0, 0xdd, 0xe0, 0xee, 0xf0, 0xfe, 0xff, '%', '/', ':',
		'.', '"', '*', '\n', ' ', '\\', '[', ']', '{', '-', '#',
	};

	if (in->n)
		in->data[draw(in->n)] = draw(2) ? telling[draw(sizeof telling)]
						: (uint8_t)draw(256);
}

static void flip_bit(struct input *in)
{
	if (in->n)
		in->data[draw(in->n)] ^= (uint8_t)(1 << draw(8));
}

static void cut_range(struct input *in)
{
	uint32_t at = draw(in->n), n = draw(in->n - at + 1);

	if (draw(2) && n > 4)
		n = draw(4) + 1;
	memmove(in->data + at, in->data + at + n, in->n - at - n);
	in->n -= n;
}

/* Opens a gap of n bytes, as far as there is room, and returns its length. */
static uint32_t open_gap(struct input *in, uint32_t at, uint32_t n)
{
	if (n > INPUT_MAX - in->n)
		n = INPUT_MAX - in->n;
	memmove(in->data + at + n, in->data + at, in->n - at);
	in->n += n;
	return n;
}

static void insert_noise(struct input *in)
{
	uint32_t at = draw(in->n + 1), n = open_gap(in, at, draw(8) + 1);

	for (uint32_t i = 0; i < n; i++)
		in->data[at + i] = (uint8_t)draw(256);
}

static void repeat_byte(struct input *in)
{
	uint32_t at = draw(in->n + 1), n = open_gap(in, at, draw(300));

	memset(in->data + at, (int)draw(256), n);
}

static void splice(struct input *in)
{
	const struct input *from = &corpus[draw(corpus_count)];
	uint32_t start = draw(from->n), at = draw(in->n + 1);
	uint32_t n = open_gap(in, at, draw(from->n - start + 1));

	memcpy(in->data + at, from->data + start, n);
}

static void truncate_end(struct input *in)
{
	in->n = draw(in->n + 1);
}

static void mutate(struct input *in)
{
	static void (*const ways[])(struct input *) = {
		set_byte, set_byte, flip_bit, flip_bit, cut_range,
		insert_noise, repeat_byte, splice, truncate_end,
	};

	for (uint32_t i = draw(6) + 1; i > 0; i--)
		ways[draw(sizeof ways / sizeof *ways)](in);
}

/* --- the run ----------------------------------------------------------------- */

static void run_all(bool mutated)
{
	static struct input in;

	for (unsigned i = 0; i < corpus_count; i++)
		run(&corpus[i]);
	for (unsigned i = 0; mutated && i < FUZZ_ROUNDS; i++) {
		in = corpus[draw(corpus_count)];
		mutate(&in);
		run(&in);
	}
}

static void keep_input(void)
{
	FILE *f = fopen(FUZZ_TARGET ".crash", "wb");

	if (!f)
		return;
	fwrite(current->data, 1, current->n, f);
	fclose(f);
	printf("# the input is in " FUZZ_TARGET ".crash, %u bytes\n", current->n);
}

/* Whether a child that does all the work ends well. */
static bool run_in_child(bool mutated)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		run_all(mutated);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return false;
	if (status == 0)
		return true;
	keep_input();
	return false;
}

int main(int argc, char *argv[])
{
	bool named = argc > 1 && argv[1][0] != '-', good;

	if (named)
		for (int i = 1; i < argc; i++)
			load(argv[i]);
	else
		load_folder();
	current = mmap(NULL, sizeof *current, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert(current != MAP_FAILED && corpus_count > 0);
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("1..1\n");
	good = run_in_child(!named);
	printf("%sok 1 - " FUZZ_TARGET ": %u inputs, %u mutated\n", good ? "" : "not ",
	       corpus_count, named ? 0 : FUZZ_ROUNDS);
	return !good;
}
