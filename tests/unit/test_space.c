#include "rig_space.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

static void *mem;
static struct space s;

static void fresh(void)
{
	mem = rig_memory();
	cr_assert_eq(rig_open(&s, mem), SPACE_NEW);
}

static void gone(void)
{
	space_close(&s);
	free(mem);
}

TestSuite(space, .init = fresh, .fini = gone);

Test(space, size_is_whole_pages_and_holds_everything)
{
	size_t need = sizeof(struct space_ctl) + THING_CAP * sizeof(struct thing) +
		      OTHER_CAP * sizeof(struct other) + rig_def.extra;

	cr_assert_eq(space_size(&rig_def) % 4096, 0);
	cr_assert_geq(space_size(&rig_def), need);
	cr_assert_eq(s.size, space_size(&rig_def));
	cr_assert_leq(s.extra + rig_def.extra, s.base + s.size);
}

Test(space, of_a_late_slab_no_page_is_touched_before_it_is_used)
{
	struct space_def def = rig_def;
	unsigned char in_core[64];
	struct space late;
	size_t at, n;
	void *own;

	cr_expect_eq((space_late(&def, &n), n), 0);
	def.slab[SLAB_OTHER].late = true;
	def.slab[SLAB_OTHER].cap = 5000;
	at = space_late(&def, &n);
	cr_expect_eq(at % 4096 + n % 4096, 0);
	cr_assert_gt(n, 0);
	cr_expect_leq(n, 5000 * sizeof(struct other));
	own = mmap(NULL, space_size(&def), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	cr_assert_neq(own, MAP_FAILED);
	cr_assert_eq(space_open(&late, own, &def, 0, &rig_key), SPACE_NEW);
	cr_expect_eq(late.slab[SLAB_OTHER].at, (uint8_t *)own + at);
	for (size_t i = 0; i < n; i += 4096 * sizeof in_core) {
		size_t left = n - i < 4096 * sizeof in_core ? n - i : 4096 * sizeof in_core;

		cr_assert_eq(mincore((uint8_t *)own + at + i, left, in_core), 0);
		for (size_t k = 0; k < left / 4096; k++)
			cr_assert_not(in_core[k] & 1, "page %zu", i / 4096 + k);
	}
	space_close(&late);
	munmap(own, space_size(&def));
}

Test(space, objects_and_extra_do_not_overlap)
{
	struct slab *a = &s.slab[SLAB_THING], *b = &s.slab[SLAB_OTHER];

	cr_assert_geq(a->at, (uint8_t *)(s.ctl + 1));
	cr_assert_geq(b->at, a->at + a->size * a->cap);
	cr_assert_geq(s.extra, b->at + b->size * b->cap);
	cr_assert_eq((uintptr_t)s.extra % 64, 0);
}

Test(space, second_open_finds_the_state)
{
	struct space again;

	((uint32_t *)space_root(&s))[3] = 42;
	space_commit(&s, 1, 2, 0);
	cr_assert_eq(rig_open(&again, mem), SPACE_OLD);
	cr_assert_eq(((uint32_t *)space_root(&again))[3], 42);
	cr_assert_eq(space_rx_next(&again), 1);
	cr_assert_eq(space_tx_n(&again), 2);
	cr_assert_eq(space_exec(&again), 0);
}

Test(space, interrupted_format_is_made_anew)
{
	struct space again;

	rig_thing(&s, 1);
	space_commit(&s, 9, 9, 1);
	s.ctl->magic = 0;
	cr_assert_eq(rig_open(&again, mem), SPACE_NEW);
	cr_assert_eq(again.ctl->commit.v, 0);
	cr_assert_eq(again.ctl->hwm[SLAB_THING], 0);
	cr_assert(!slab_live(&again.slab[SLAB_THING], 0));
	cr_assert_eq(rig_open(&again, mem), SPACE_OLD);
}

Test(space, interrupted_wipe_keeps_counters_and_epoch)
{
	struct space again;

	s.ctl->counter[5] = 77;
	s.ctl->epoch = 3;
	s.ctl->magic = 0;
	cr_assert_eq(rig_open(&again, mem), SPACE_NEW);
	cr_assert_eq(again.ctl->counter[5], 77);
	cr_assert_eq(again.ctl->epoch, 3);
}

Test(space, other_layout_is_made_anew_with_nothing_left)
{
	struct space_def def = rig_def;
	struct space again;

	s.ctl->counter[5] = 77;
	memset(s.extra, 0xee, rig_def.extra);
	space_commit(&s, 3, 0, 0);
	def.slab[SLAB_OTHER].magic++;
	cr_assert_eq(space_open(&again, mem, &def, 7, &rig_key), SPACE_NEW);
	cr_assert_eq(again.ctl->counter[5], 0);
	cr_assert_eq(space_rx_next(&again), 0);
	for (size_t i = 0; i < rig_def.extra; i++)
		cr_assert_eq(again.extra[i], 0);
}

Test(space, every_part_of_the_definition_is_in_the_fingerprint)
{
	struct space_def def[5] = { rig_def, rig_def, rig_def, rig_def, rig_def };

	def[0].slab[0].cap--;
	def[1].slab[0].size -= 8;
	def[2].slab[0].magic ^= 1;
	def[3].extra--;
	def[4].nslabs--;
	for (unsigned i = 0; i < 5; i++) {
		struct space again;

		cr_assert_eq(rig_open(&again, mem), i ? SPACE_NEW : SPACE_OLD);
		cr_assert_eq(space_open(&again, mem, &def[i], 7, &rig_key), SPACE_NEW, "%u", i);
	}
}

Test(space, capacities_come_from_the_definition)
{
	struct space again;

	memset(s.ctl->hwm, 0xff, sizeof s.ctl->hwm);
	memset(s.ctl->live, 0xff, sizeof s.ctl->live);
	cr_assert_eq(rig_open(&again, mem), SPACE_OLD);
	cr_assert_eq(again.slab[SLAB_THING].cap, THING_CAP);
	cr_assert_eq(again.slab[SLAB_THING].size, sizeof(struct thing));
	cr_assert_eq(slab_room(&again, &again.slab[SLAB_THING]), 0);
	rig_adopt(&again);
	rig_check(&again);
}

Test(space, wipe_forgets_all_but_counters_and_epoch)
{
	struct thing *t = rig_thing(&s, 1);
	ref_t ref = slab_ref(&s, &s.slab[SLAB_THING], t);

	slab_kill(&s, &s.slab[SLAB_THING], rig_thing(&s, 2));
	memset(s.extra, 0x11, rig_def.extra);
	s.ctl->counter[63] = 5;
	space_count_code(&s, 0x45);
	durations_add(&s.ctl->served, 1, 1);
	durations_add(&s.ctl->waited, 1, 1);
	s.ctl->epoch = 9;
	s.ctl->tries = 2;
	s.ctl->where = 4;
	space_wipe(&s);
	cr_assert_eq(s.ctl->commit.v, 0);
	cr_assert_eq(s.ctl->counter[63], 5);
	cr_assert_eq(s.ctl->code[0x45], 1);
	cr_assert_eq(s.ctl->served.bucket[0], 1);
	cr_assert_eq(s.ctl->waited.bucket[0], 1);
	cr_assert_eq(s.ctl->epoch, 9);
	cr_assert_eq(s.ctl->tries, 0);
	cr_assert_eq(s.ctl->where, 0);
	cr_assert_neq(s.ctl->key.k[0], rig_key.k[0], "tokens would come again");
	cr_assert_neq(s.ctl->key.k[1], rig_key.k[1]);
	cr_assert_eq(s.extra[0], 0x11);
	cr_assert_null(slab_get(&s, &s.slab[SLAB_THING], ref));
	space_commit(&s, 0, 0, 0);      /* no free of before the wipe is left */
	rig_check(&s);
	cr_assert_eq(slab_room(&s, &s.slab[SLAB_THING]), THING_CAP);
}

Test(space, rollback_restores_the_oldest_of_two_values)
{
	uint32_t *w = space_root(&s);

	w[0] = 10;
	undo_set(&s, &w[0], 11);
	undo_set(&s, &w[0], 12);
	cr_assert_eq(w[0], 12);
	cr_assert_eq(space_rollback(&s), 2);
	cr_assert_eq(w[0], 10);
	cr_assert_eq(space_rollback(&s), 0);
}

Test(space, rollback_that_dies_half_way_is_repeated)
{
	uint32_t *w = space_root(&s);

	undo_set(&s, &w[0], 1);
	undo_set(&s, &w[1], 2);
	undo_set(&s, &w[0], 3);
	w[0] = s.ctl->undo[2].old;      /* as far as it came */
	cr_assert_eq(space_rollback(&s), 3);
	cr_assert_eq(w[0], 0);
	cr_assert_eq(w[1], 0);
}

Test(space, rollback_leaves_the_batch_words_alone)
{
	space_commit(&s, 4, 3, 1);
	undo_set(&s, space_root(&s), 1);
	space_rollback(&s);
	cr_assert_eq(space_rx_next(&s), 4);
	cr_assert_eq(space_tx_n(&s), 3);
	cr_assert_eq(space_exec(&s), 1);
}

Test(space, undo_copy_logs_only_what_differs)
{
	uint32_t *w = space_root(&s), to[4] = { 0, 7, 0, 9 };

	undo_copy(&s, w, to, sizeof to);
	cr_assert_eq(s.ctl->commit.s.undo_n, 2);
	cr_assert_eq(memcmp(w, to, sizeof to), 0);
	cr_assert_eq(space_rollback(&s), 2);
	cr_assert_eq(w[1] | w[3], 0);
}

Test(space, undo_set64_is_undone_whole)
{
	uint64_t *w = space_root(&s);

	*w = 0x1111111122222222;
	undo_set64(&s, w, 0x3333333344444444);
	cr_assert_eq(*w, 0x3333333344444444);
	space_rollback(&s);
	cr_assert_eq(*w, 0x1111111122222222);
}

Test(space, whole_undo_log_can_be_used)
{
	uint32_t *w = space_root(&s);

	for (uint32_t i = 0; i < UNDO_MAX; i++)
		undo_set(&s, &w[i % 64], i + 1);
	cr_assert_eq(space_rollback(&s), UNDO_MAX);
	for (unsigned i = 0; i < 64; i++)
		cr_assert_eq(w[i], 0);
}

Test(space, one_word_too_many_is_our_bug, .signal = SIGABRT)
{
	uint32_t *w = space_root(&s);

	for (uint32_t i = 0; i <= UNDO_MAX; i++)
		undo_set(&s, w, i);
	space_commit(&s, 0, 0, 0);
}

Test(space, damaged_undo_offsets_stay_inside_and_spare_the_control_block)
{
	static const uint32_t off[] = { 0, 1, 2, 0x3fffffff, 0xffffffff,
					offsetof(struct space_ctl, commit) / 4,
					offsetof(struct space_ctl, undo) / 4 };
	struct space_ctl was;

	for (unsigned i = 0; i < sizeof off / sizeof off[0]; i++) {
		s.ctl->undo[i].off = off[i];
		s.ctl->undo[i].old = 0xdeadbeef;
	}
	s.ctl->undo[7].off = (uint32_t)(s.size / 4);
	memcpy(&was, s.ctl, sizeof was);
	s.ctl->commit.s.undo_n = 8;
	space_rollback(&s);
	cr_assert_eq(memcmp(&was, s.ctl, sizeof was), 0);
}

/* Its owner keeps pointers there, which no other process left. */
Test(space, damaged_undo_offsets_spare_what_is_behind_the_slabs)
{
	memset(s.extra, 0x11, rig_def.extra);
	s.ctl->undo[0].off = (uint32_t)(s.extra - s.base) / 4;
	s.ctl->undo[0].old = 0xdeadbeef;
	s.ctl->commit.s.undo_n = 1;
	space_rollback(&s);
	cr_assert_eq(s.extra[0], 0x11);
}

Test(space, undo_count_that_never_was_is_not_believed)
{
	uint32_t *w = space_root(&s);

	for (unsigned i = 0; i < UNDO_MAX; i++)
		undo_set(&s, w, i);
	space_commit(&s, 0, 0, 0);
	s.ctl->commit.s.undo_n = UNDO_MAX + 1;
	cr_assert_eq(space_rollback(&s), 0);
	cr_assert_eq(*w, UNDO_MAX - 1);
	cr_assert_eq(s.ctl->commit.s.undo_n, 0);
}

/* Random transactions against a copy: a rollback gives the copy back exactly,
 * a commit makes the new state the one to return to. */
Test(space, random_transactions_roll_back_exactly)
{
	uint64_t seed = 1;
	uint32_t *w = space_root(&s), model[SPACE_ROOT / 4] = { 0 };

	for (unsigned round = 0; round < 4000; round++) {
		unsigned steps = rig_random(&seed) % 40;

		for (unsigned i = 0; i < steps; i++) {
			unsigned at = rig_random(&seed) % 56;
			uint32_t v[8];

			for (unsigned k = 0; k < 8; k++)
				v[k] = rig_random(&seed) % 4;
			if (rig_random(&seed) % 2)
				undo_set(&s, &w[at], v[0]);
			else
				undo_copy(&s, &w[at], v, sizeof v);
		}
		if (rig_random(&seed) % 2) {
			space_commit(&s, 0, 0, 0);
			memcpy(model, w, sizeof model);
		}
		space_rollback(&s);
		cr_assert_eq(memcmp(model, w, sizeof model), 0, "round %u", round);
	}
}

Test(space, counters_are_no_part_of_transactions)
{
	space_count(&s, 2);
	undo_set(&s, space_root(&s), 1);
	space_count(&s, 2);
	space_rollback(&s);
	cr_assert_eq(s.ctl->counter[2], 2);
}

/* --- death at every instruction ------------------------------------------- */

/* One transaction of everything: births, a death, words changed twice. */
static void transaction(struct space *sp, struct thing *a, struct thing *b)
{
	uint32_t *w = space_root(sp), to[3] = { 5, 6, 7 };

	rig_thing(sp, 0x33);
	undo_set(sp, &a->word[0], 1);
	undo_set(sp, &a->word[0], 2);
	undo_copy(sp, w, to, sizeof to);
	undo_set64(sp, (uint64_t *)(void *)(w + 4), 0x100000002);
	slab_kill(sp, &sp->slab[SLAB_THING], b);
	rig_thing(sp, 0x44);
	space_commit(sp, 8, 5, 0);
	rig_thing(sp, 0x55);    /* takes what was killed: belongs to the next one */
}

/* What counts, gathered from a copy of the memory after a rollback. */
struct facts {
	uint64_t commit;
	uint32_t root[8];
	uint32_t word[THING_CAP];
	struct thing thing[THING_CAP];
};

static void gather(void *from, void *copy, struct facts *f)
{
	struct space sp;

	memset(f, 0, sizeof *f);
	unpoison(from, space_size(&rig_def));
	memcpy(copy, from, space_size(&rig_def));
	cr_assert_eq(rig_open(&sp, copy), SPACE_OLD);
	cr_assert_eq(rig_adopt(&sp), 0);
	rig_check(&sp);
	f->commit = sp.ctl->commit.v;
	memcpy(f->root, sp.ctl->root, sizeof f->root);
	for (uint32_t i = 0; i < sp.ctl->hwm[SLAB_THING]; i++) {
		struct thing *t = slab_at(&sp.slab[SLAB_THING], i);

		if (!(t->o.word & 1))
			continue;
		f->thing[i] = *t;
		f->thing[i].o.link = 0;         /* derived */
	}
	space_close(&sp);
}

static void child(struct space *sp, struct thing *a, struct thing *b)
{
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
		_exit(2);
	raise(SIGSTOP);
	transaction(sp, a, b);
	_exit(0);
}

/* Single-steps a child through the transaction and looks, at every instruction
 * it could die at, what a successor would find: first always the old state,
 * then always the new one, batch words and contents in the same step. */
Test(space, commit_is_one_point_at_every_instruction, .timeout = 240)
{
	size_t size = space_size(&rig_def);
	void *shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			    -1, 0);
	void *copy = aligned_alloc(4096, size);
	static struct facts first, last, now;
	unsigned steps = 0, turns = 0;
	struct space sp;
	struct thing *a, *b;
	int status;
	pid_t pid;

	cr_assert_neq(shared, MAP_FAILED);
	rig_open(&sp, shared);
	a = rig_thing(&sp, 0x11);
	b = rig_thing(&sp, 0x22);
	space_commit(&sp, 7, 2, 1);
	gather(shared, copy, &first);
	last = first;
	pid = fork();
	cr_assert_geq(pid, 0);
	if (pid == 0)
		child(&sp, a, b);
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status))
		cr_skip_test("ptrace is not permitted here");
	while (ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) == 0 &&
	       waitpid(pid, &status, 0) == pid && !WIFEXITED(status)) {
		cr_assert_eq(WSTOPSIG(status), SIGTRAP);
		cr_assert_lt(++steps, 2000000);
		gather(shared, copy, &now);
		if (memcmp(&now, &last, sizeof now)) {
			turns++;
			last = now;
		}
	}
	cr_assert_eq(WEXITSTATUS(status), 0);
	cr_assert_eq(turns, 1, "%u visible changes", turns);
	cr_assert_eq(last.commit & 0xffff, 0);
	cr_assert_eq(last.commit >> 16, 8 | 5u << 16);
	cr_assert_eq(last.thing[0].word[0], 2);
	cr_assert_eq(last.thing[1].o.word, 0);
	cr_assert_gt(steps, 100);
	free(copy);
	munmap(shared, size);
}
