/* compare_h5 A B [JETS-FIELD...] [-- TRACKS-FIELD...]: rows that both files have agree: fields of
 * `jets` within 2e-6, of `tracks` exactly but for at most 5 entries. Exit status 1 if not. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tools/eval/reader.h"

enum { MOST = 16 };
static const double tolerance = 2e-6;

/* Reads both files block by block; blocks may differ in size, so rows are fetched one by one. */
struct side {
    struct eval_reader *reader;
    struct eval_block block;
    size_t row;
};

static int next_row(struct side *s, struct kaon_msg *msg)
{
    if (++s->row >= s->block.rows) {
        if (kaon_eval_reader_next(s->reader, &s->block, msg) || s->block.rows == 0)
            return 0;
        s->row = 0;
    }
    return 1;
}

static const float *row_of(const struct side *s, size_t set, size_t columns)
{
    return s->block.part[set].value + s->row * s->block.part[set].width * columns;
}

struct difference {
    double most;
    size_t entries, differ, rows;
};

static void compare_row(struct difference *d, const struct side *a, const struct side *b,
                        const struct eval_query *q)
{
    const size_t n = q->set[0].n_columns;
    for (size_t i = 0; i < n; i++)
        d->most = fmax(d->most, fabs((double)row_of(a, 0, n)[i] - row_of(b, 0, n)[i]));
    for (size_t s = 1; s < q->n_sets; s++) {
        const size_t k = q->set[s].n_columns, count = (size_t)a->block.part[s].count[a->row];
        if (a->block.part[s].count[a->row] != b->block.part[s].count[b->row])
            d->differ += 1000;
        for (size_t i = 0; i < k * count; i++)
            d->differ += row_of(a, s, k)[i] != row_of(b, s, k)[i];
        d->entries += k * count;
    }
    d->rows++;
}

int main(int argc, char **argv)
{
    struct eval_column column[2][MOST];
    struct eval_set set[2] = { { "jets", NULL, 0, column[0], 0 },
                               { "tracks", "valid", 0, column[1], 0 } };
    size_t at = 0;
    for (int i = 3; i < argc; i++) {
        if (!strcmp(argv[i], "--"))
            at = 1;
        else if (set[at].n_columns < MOST)
            set[at].column[set[at].n_columns++] = (struct eval_column){ argv[i], "the test", 0 };
    }
    const struct eval_query q = { set, at + 1, NULL, 0, NULL, 0, 0, false };
    struct side a = { 0 }, b = { 0 };
    struct difference d = { 0 };
    struct kaon_msg msg = { "" };
    const char *pa[] = { argv[1] }, *pb[] = { argv[2] };
    if (argc < 4 || kaon_eval_reader_open(&a.reader, &q, pa, 1, &msg) ||
        kaon_eval_reader_open(&b.reader, &q, pb, 1, &msg)) {
        fprintf(stderr, "compare_h5: %s\n", msg.text);
        return 2;
    }
    while (next_row(&a, &msg) && next_row(&b, &msg))
        compare_row(&d, &a, &b, &q);
    printf("%zu rows, largest difference %.3g; %zu of %zu entries differ\n", d.rows, d.most,
           d.differ, d.entries);
    kaon_eval_block_close(&a.block);
    kaon_eval_block_close(&b.block);
    kaon_eval_reader_close(a.reader);
    kaon_eval_reader_close(b.reader);
    return msg.text[0] || d.rows == 0 || !(d.most <= tolerance) || d.differ > 5;
}
