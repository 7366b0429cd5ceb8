#include "tools/bench/profile.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tools/bench/row.h"
#include "tools/bench/stats.h"
#include "tools/cli/fail.h"
#include "tools/cli/json.h"

/* ---- collecting ------------------------------------------------------------------------------ */

struct step {
    struct kaon_profile_step told;
    double *ns; /* of each run */
};

struct collection {
    struct step *step;
    size_t n, run, runs;
    bool failed;
};

static void collect(void *user, size_t index, const struct kaon_profile_step *told)
{
    struct collection *c = user;
    if (index >= c->n) {
        struct step *grown = realloc(c->step, (index + 1) * sizeof *grown);
        if (!grown) {
            c->failed = true;
            return;
        }
        memset(grown + c->n, 0, (index + 1 - c->n) * sizeof *grown);
        c->step = grown;
        c->n = index + 1;
    }
    struct step *s = &c->step[index];
    s->told = *told;
    if (!s->ns)
        s->ns = calloc(c->runs, sizeof *s->ns);
    c->failed |= !s->ns;
    if (s->ns)
        s->ns[c->run] = (double)told->ns;
}

static json_t *step_json(const struct step *s, size_t index, double ns, double whole,
                         const struct kaon_bench_limits *limits)
{
    const double flops = 2.0 * (double)s->told.macs;
    const double read = (double)s->told.bytes_read, written = (double)s->told.bytes_written;
    const double floor_ns =
        kaon_bench_floor_ns(limits, flops, read, written, (size_t)(read + written));
    return json_pack("{s:I, s:o, s:s, s:o, s:f, s:f, s:f, s:f, s:f}", "index", (json_int_t)index,
                     "node", kaon_json_text(s->told.node), "op", s->told.op, "kernel",
                     kaon_json_text(s->told.kernel), "ns", ns, "flops", flops, "bytes",
                     read + written, "share", ns / whole, "limit_share",
                     ns > 0 ? floor_ns / ns : 0.0);
}

static json_t *steps_json(struct collection *c, const struct kaon_bench_limits *limits,
                          double *whole)
{
    json_t *list = json_array();
    *whole = 0.0;
    for (size_t i = 0; i < c->n; i++)
        *whole += kaon_bench_median(c->step[i].ns, c->runs);
    for (size_t i = 0; i < c->n; i++) {
        const double ns = kaon_bench_median(c->step[i].ns, c->runs);
        json_array_append_new(list, step_json(&c->step[i], i, ns, *whole, limits));
    }
    return list;
}

enum kaon_status kaon_bench_profile(struct kaon_session *session,
                                    const struct kaon_bench_draw *draw, const char *case_name,
                                    const struct kaon_bench_limits *limits, size_t runs,
                                    json_t *profiles, struct kaon_msg *msg)
{
    struct collection c = { .runs = runs };
    struct kaon_tensor outputs[64] = { 0 };
    double whole;
    enum kaon_status st = kaon_session_profile(session, collect, &c);
    for (; st == KAON_OK && c.run < runs; c.run++)
        st = kaon_session_run(session, draw->inputs[draw->n_shapes - 1].tensor, outputs, msg);
    kaon_session_profile(session, NULL, NULL);
    if (st == KAON_OK && c.failed)
        st = kaon_cli_fail(msg, KAON_NO_MEMORY, "no memory for the profile");
    if (st == KAON_OK) {
        json_t *steps = steps_json(&c, limits, &whole);
        json_array_append_new(
            profiles, json_pack("{s:s, s:f, s:o}", "case", case_name, "ns", whole, "steps", steps));
    }
    for (size_t i = 0; i < c.n; i++)
        free(c.step[i].ns);
    free(c.step);
    return st;
}

/* ---- printing -------------------------------------------------------------------------------- */

struct line {
    const json_t *step;
    const char *op;
    double ns;
    size_t count;
};

static int longest_first(const void *a, const void *b)
{
    const double x = ((const struct line *)a)->ns, y = ((const struct line *)b)->ns;
    return (x < y) - (x > y);
}

static void print_steps(struct line *line, size_t n, struct kaon_out *out)
{
    enum { MOST = 40 };
    kaon_out_printf(out, "%5s %9s %6s %9s %9s %6s  %s\n", "step", "us", "share", "GFLOP/s", "GB/s",
                    "limit%", "operator, kernel, node");
    for (size_t i = 0; i < n && i < MOST; i++) {
        const json_t *s = line[i].step;
        const double ns = line[i].ns > 0 ? line[i].ns : (double)NAN;
        kaon_out_printf(out, "%5.0f %9.2f %5.1f%% %9.1f %9.1f %6.0f  ",
                        kaon_bench_member(s, "index"), 1e-3 * line[i].ns,
                        100 * kaon_bench_member(s, "share"), kaon_bench_member(s, "flops") / ns,
                        kaon_bench_member(s, "bytes") / ns,
                        100 * kaon_bench_member(s, "limit_share"));
        kaon_out_name(out, kaon_bench_text(s, "op"));
        kaon_out_printf(out, ", ");
        kaon_out_name(out, kaon_bench_text(s, "kernel"));
        kaon_out_printf(out, ", ");
        kaon_out_name(out, kaon_bench_text(s, "node"));
        kaon_out_printf(out, "\n");
    }
    if (n > MOST)
        kaon_out_printf(out, "%5s and %zu more; --json has all\n", "", n - MOST);
}

/* The operators, each once, with all their time. */
static size_t by_operator(const struct line *line, size_t n, struct line *sum)
{
    size_t n_sums = 0;
    for (size_t i = 0; i < n; i++) {
        size_t k = 0;
        while (k < n_sums && strcmp(sum[k].op, line[i].op) != 0)
            k++;
        if (k == n_sums)
            sum[n_sums++] = (struct line){ .op = line[i].op };
        sum[k].ns += line[i].ns;
        sum[k].count++;
    }
    return n_sums;
}

void kaon_bench_print_profile(const json_t *profile, struct kaon_out *out)
{
    const json_t *steps = json_object_get(profile, "steps"), *step;
    const double whole = kaon_bench_member(profile, "ns");
    const size_t n = json_array_size(steps);
    struct line *line = calloc(2 * n + 1, sizeof *line), *sum = line + n;
    size_t i;
    if (!line)
        return;
    json_array_foreach(steps, i, step)
    {
        line[i] =
            (struct line){ step, kaon_bench_text(step, "op"), kaon_bench_member(step, "ns"), 1 };
    }
    qsort(line, n, sizeof *line, longest_first);
    kaon_out_printf(out, "%s: %zu steps, %.1f us together\n", kaon_bench_text(profile, "case"), n,
                    1e-3 * whole);
    print_steps(line, n, out);
    const size_t n_sums = by_operator(line, n, sum);
    qsort(sum, n_sums, sizeof *sum, longest_first);
    kaon_out_printf(out, "\n%9s %6s %6s  %s\n", "us", "share", "steps", "operator");
    for (i = 0; i < n_sums; i++)
        kaon_out_printf(out, "%9.2f %5.1f%% %6zu  %s\n", 1e-3 * sum[i].ns, 100 * sum[i].ns / whole,
                        sum[i].count, sum[i].op);
    kaon_out_printf(out, "\n");
    free(line);
}
