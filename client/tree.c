#include "client/tree.h"

#include "client/link_cell.h"

#include <errno.h>
#include <stdlib.h>

#define NONE UINT32_MAX
#define DEEP 48u                /* nodes below are drawn at this depth */
#define WIDE 40u                /* columns are no wider than this; what is, sticks out */

struct node {
	struct span name;       /* what its path has more than the one above */
	size_t entry;           /* in the catalog; SIZE_MAX: a path that links share */
	size_t segments;        /* of its path */
	uint32_t above, first, last, before, next;
};

struct tree {
	const struct catalog *catalog;
	const struct tree_look *look;
	struct node *v;         /* 0 is the root */
	uint32_t n;
	size_t *order;          /* entries that are in the tree, sorted by path */
	size_t in_order;
	size_t width[CELLS];
	size_t names;           /* width of the first column */
};

/* --- paths ---------------------------------------------------------------------- */

/* Where a query begins, which belongs to the last segment. */
static size_t path_end(struct span path)
{
	const uint8_t *query = path.n ? memchr(path.p, '?', path.n) : NULL;

	return query ? (size_t)(query - path.p) : path.n;
}

static size_t segments(struct span path)
{
	size_t n = path.n > 0, end = path_end(path);

	for (size_t i = 0; i < end; i++)
		n += path.p[i] == '/';
	return n;
}

/* Where segment number k begins. */
static size_t segment_start(struct span path, size_t k)
{
	size_t i = 0;

	for (; k; i++)
		k -= path.p[i] == '/';
	return i;
}

/* How many segments two paths begin with in common. */
static size_t shared(struct span a, struct span b)
{
	size_t end_a = path_end(a), end_b = path_end(b), n = 0;

	if (span_eq(a, b))
		return segments(a);
	for (size_t i = 0; i <= end_a && i <= end_b; i++) {
		bool ends_a = i == a.n || (i < end_a && a.p[i] == '/');
		bool ends_b = i == b.n || (i < end_b && b.p[i] == '/');

		if (ends_a != ends_b)
			break;
		if (ends_a)
			n++;
		if (i == end_a || i == end_b || a.p[i] != b.p[i])
			break;
	}
	return a.n && b.n ? n : 0;
}

static int compare_paths(struct span a, struct span b)
{
	for (size_t i = 0; i < a.n && i < b.n; i++) {
		int x = a.p[i] == '/' ? 0 : a.p[i], y = b.p[i] == '/' ? 0 : b.p[i];

		if (x != y)
			return x < y ? -1 : 1;
	}
	return a.n < b.n ? -1 : a.n > b.n;
}

static int compare_entries(const void *a, const void *b, void *catalog)
{
	const struct catalog *c = catalog;
	size_t x = *(const size_t *)a, y = *(const size_t *)b;
	int order = compare_paths(c->v[x].path, c->v[y].path);

	return order ? order : x < y ? -1 : x > y;
}

/* --- nodes ---------------------------------------------------------------------- */

/* A new node, the last below another one. */
static uint32_t add(struct tree *t, uint32_t above, size_t entry, struct span name, size_t n)
{
	uint32_t last = t->v[above].last, i = t->n++;

	t->v[i] = (struct node){ .name = name, .entry = entry, .segments = n, .above = above,
				 .first = NONE, .last = NONE, .before = last, .next = NONE };
	if (last == NONE)
		t->v[above].first = i;
	else
		t->v[last].next = i;
	t->v[above].last = i;
	return i;
}

/* A node of n segments in the place of the last one below above, which goes below it. */
static uint32_t split(struct tree *t, uint32_t above, size_t n)
{
	uint32_t moved = t->v[above].last, before = t->v[moved].before, i;
	struct node *m = &t->v[moved];
	size_t cut = segment_start(m->name, n - t->v[above].segments);

	t->v[above].last = before;
	if (before == NONE)
		t->v[above].first = NONE;
	else
		t->v[before].next = NONE;
	i = add(t, above, SIZE_MAX, span_of(m->name.p, cut - 1), n);
	m->name = span_of(m->name.p + cut, m->name.n - cut);
	m->above = i;
	m->before = NONE;
	t->v[i].first = t->v[i].last = moved;
	return i;
}

/* Adds the entries in the order of their paths: each begins where the one before left
 * the path that they share. */
static void grow(struct tree *t)
{
	struct span last = { NULL, 0 };
	uint32_t at = 0;

	for (size_t k = 0; k < t->in_order; k++) {
		struct span path = t->catalog->v[t->order[k]].path;
		size_t n = segments(path), common = shared(last, path);

		while (t->v[at].segments > common)
			at = t->v[at].above;
		if (t->v[at].segments < common)
			at = split(t, at, common);
		if (n == t->v[at].segments && t->v[at].entry == SIZE_MAX) {
			t->v[at].entry = t->order[k];
		} else {
			size_t cut;

			if (n == t->v[at].segments)     /* the same path again */
				at = t->v[at].above;
			cut = segment_start(path, t->v[at].segments);
			at = add(t, at, t->order[k], span_of(path.p + cut, path.n - cut), n);
			if (!n)         /* what follows is below the root all the same */
				at = 0;
		}
		last = path;
	}
}

static bool in_tree(const struct catalog_entry *e)
{
	return e->here && !e->relation;
}

static int build(struct tree *t)
{
	const struct catalog *c = t->catalog;

	t->order = calloc(c->n + 1, sizeof *t->order);
	/* The root, and for each link at most itself and a node above it. */
	t->v = calloc(2 * c->n + 1, sizeof *t->v);
	if (!t->order || !t->v || c->n > UINT32_MAX / 4)
		return -ENOMEM;
	for (size_t i = 0; i < c->n; i++)
		if (in_tree(&c->v[i]))
			t->order[t->in_order++] = i;
	qsort_r(t->order, t->in_order, sizeof *t->order, compare_entries, (void *)c);
	t->v[0] = (struct node){ .entry = SIZE_MAX, .above = 0, .first = NONE, .last = NONE,
				 .before = NONE, .next = NONE };
	t->n = 1;
	grow(t);
	return 0;
}

/* --- drawing -------------------------------------------------------------------- */

/* Lines before a name: one for each level above, then its own. */
struct lines {
	const char *pass, *none, *branch, *end;
};

static const struct lines lines_utf8 = { "│  ", "   ", "├─ ", "└─ " };
static const struct lines lines_ascii = { "|  ", "   ", "|- ", "`- " };

static unsigned depth_of(const struct tree *t, uint32_t i)
{
	unsigned depth = 0;

	for (; i && depth < DEEP; i = t->v[i].above)
		depth++;
	return depth;
}

/* The text of the first column but for its lines. */
static void name_of(const struct tree *t, uint32_t i, char out[CELL_MAX])
{
	struct writer w = writer_of(out, CELL_MAX - 1);

	write_u8(&w, '/');
	if (t->v[i].name.n)
		link_cell_text(&w, t->v[i].name, t->look->utf8);
	*w.p = '\0';
}

static void measure(struct tree *t, const char *title)
{
	char text[CELL_MAX];

	t->names = link_cell_width(title);
	for (uint32_t i = 0; i < t->n; i++) {
		struct link_parse p;
		struct link link = { 0 };
		size_t width;

		name_of(t, i, text);
		width = 3 * depth_of(t, i) + link_cell_width(text);
		if (i && width > t->names)
			t->names = width;
		if (t->v[i].entry != SIZE_MAX)
			catalog_link(&t->catalog->v[t->v[i].entry], &p, &link);
		for (unsigned c = 0; c < CELLS; c++) {
			link_cell(&link, c, t->look->utf8, text);
			width = link_cell_width(text);
			if (width > t->width[c])
				t->width[c] = width < WIDE ? width : WIDE;
		}
	}
	if (t->names > 2 * WIDE)
		t->names = 2 * WIDE;
}

/* The lines that lead to a node. */
static void draw_lines(FILE *out, const struct tree *t, uint32_t i)
{
	const struct lines *l = t->look->utf8 ? &lines_utf8 : &lines_ascii;
	const char *text[DEEP];
	unsigned n = 0;

	if (!i)
		return;
	text[n++] = t->v[i].next == NONE ? l->end : l->branch;
	for (i = t->v[i].above; i && n < DEEP; i = t->v[i].above)
		text[n++] = t->v[i].next == NONE ? l->none : l->pass;
	while (n)
		fputs(text[--n], out);
}

static const char *color_of(enum link_cell c)
{
	static const char *const colors[CELLS] = {
		[CELL_OBS] = "\033[32m", [CELL_CT] = "\033[36m", [CELL_TITLE] = "\033[33m",
	};

	return colors[c];
}

/* Blanks are owed until something follows them, so that no line ends in blanks. */
static void draw_cells(FILE *out, const struct tree *t, const struct catalog_entry *e,
		       size_t owed)
{
	char text[CELL_MAX];
	struct link_parse p;
	struct link link;

	catalog_link(e, &p, &link);
	for (unsigned c = 0; c < CELLS; c++) {
		const char *color = t->look->color ? color_of(c) : NULL;
		size_t width;

		if (!t->width[c])
			continue;
		link_cell(&link, c, t->look->utf8, text);
		width = link_cell_width(text);
		if (width)
			fprintf(out, "%*s%s%s%s", (int)owed + 2, "", color ? color : "", text,
				color ? "\033[0m" : "");
		owed = (width ? 0 : owed + 2) + (width < t->width[c] ? t->width[c] - width : 0);
	}
}

static void draw(FILE *out, const struct tree *t, uint32_t i, const char *title)
{
	bool bold = t->look->color;
	char name[CELL_MAX];
	size_t width;

	name_of(t, i, name);
	draw_lines(out, t, i);
	fprintf(out, "%s%s%s", bold ? "\033[1m" : "", i ? name : title, bold ? "\033[0m" : "");
	width = 3 * depth_of(t, i) + link_cell_width(i ? name : title);
	if (t->v[i].entry != SIZE_MAX)
		draw_cells(out, t, &t->catalog->v[t->v[i].entry],
			   width < t->names ? t->names - width : 0);
	fputc('\n', out);
}

/* The node after i, from the top downwards; 0 behind the last. */
static uint32_t follower(const struct tree *t, uint32_t i)
{
	if (t->v[i].first != NONE)
		return t->v[i].first;
	while (i && t->v[i].next == NONE)
		i = t->v[i].above;
	return i ? t->v[i].next : 0;
}

/* --- what is no part of the tree ------------------------------------------------ */

static void draw_text(FILE *out, struct span text, const struct tree *t)
{
	char plain[CELL_MAX];
	struct writer w = writer_of(plain, sizeof plain - 1);

	link_cell_text(&w, text, t->look->utf8);
	*w.p = '\0';
	fputs(plain, out);
}

/* The value of an attribute, or what its absence means. */
static void draw_attr(FILE *out, const struct tree *t, const struct link *link,
		      const char *name, const char *absent)
{
	const struct link_attr *a = link_find(link, name);

	draw_text(out, a ? a->value : span_str(absent), t);
}

static void draw_other(FILE *out, const struct tree *t, const struct catalog_entry *e)
{
	struct link_parse p;
	struct link link;

	catalog_link(e, &p, &link);
	fputs("   ", out);
	if (e->relation) {
		draw_attr(out, t, &link, "anchor", "/");
		fputs(" --", out);
		draw_attr(out, t, &link, "rel", "hosts");
		fputs("--> ", out);
	}
	draw_text(out, e->href, t);
	for (unsigned c = 0; c < CELLS; c++) {
		char text[CELL_MAX];

		link_cell(&link, c, t->look->utf8, text);
		if (*text)
			fprintf(out, "  %s", text);
	}
	fputc('\n', out);
}

static void draw_others(FILE *out, const struct tree *t, const char *heading, bool relations)
{
	bool begun = false;

	for (size_t i = 0; i < t->catalog->n; i++) {
		const struct catalog_entry *e = &t->catalog->v[i];

		if (in_tree(e) || e->relation != relations)
			continue;
		if (!begun)
			fprintf(out, "%s:\n", heading);
		begun = true;
		draw_other(out, t, e);
	}
}

int tree_print(FILE *out, const char *title, const struct catalog *c,
	       const struct tree_look *look)
{
	struct tree t = { .catalog = c, .look = look };
	int rc = build(&t);

	if (!rc) {
		uint32_t i = 0;

		measure(&t, title);
		do {
			draw(out, &t, i, title);
			i = follower(&t, i);
		} while (i);
		draw_others(out, &t, "elsewhere", false);
		draw_others(out, &t, "relations", true);
	}
	free(t.order);
	free(t.v);
	return rc;
}
