/* Runs as tables for other programs and for documents. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tools/bench/print.h"
#include "tools/bench/row.h"
#include "tools/bench/stats.h"

/* ---- Markdown: a row a case, a column an implementation -------------------------------------- */

/* Rows of one column have the same implementation, form and instruction set. */
static bool same_column(const json_t *a, const json_t *b)
{
    return !strcmp(kaon_bench_who(a).text, kaon_bench_who(b).text);
}

static bool is_kaon(const json_t *row)
{
    return !strcmp(kaon_bench_text(row, "impl"), "kaon");
}

static bool has_form(const json_t *row)
{
    return *kaon_bench_text(row, "form") != 0;
}

/* What kaon would run, and peers. */
static bool stands_for_all(const json_t *row)
{
    return !is_kaon(row) || !has_form(row);
}

/* One row for each column that is wanted, in order of appearance. */
static json_t *columns_of(const json_t *rows, size_t first, size_t end,
                          bool (*wanted)(const json_t *row))
{
    json_t *columns = json_array(), *column;
    size_t k;
    for (size_t i = first; i < end; i++) {
        const json_t *row = json_array_get(rows, i);
        bool known = !wanted(row);
        json_array_foreach(columns, k, column) known |= same_column(row, column);
        if (!known)
            json_array_append(columns, json_array_get(rows, i));
    }
    return columns;
}

static const json_t *cell(const json_t *rows, size_t first, size_t end, const json_t *column)
{
    for (size_t i = first; i < end; i++)
        if (same_column(json_array_get(rows, i), column))
            return json_array_get(rows, i);
    return NULL;
}

/* Of those that have a column. */
static double fastest(const json_t *rows, size_t first, size_t end, const json_t *columns)
{
    double best = (double)INFINITY;
    const json_t *column, *row;
    size_t k;
    json_array_foreach(columns, k, column)
    {
        row = cell(rows, first, end, column);
        if (row && !json_is_true(json_object_get(row, "wrong")))
            best = fmin(best, kaon_bench_member(row, "median_ns"));
    }
    return best;
}

/* What a table is about: cases that compute much tell the share of the limit too, others the time of
 * an element. */
static double scale_of(const json_t *row)
{
    return kaon_bench_member(row, "flops") > 0 ? 1.0 : 1.0 / kaon_bench_member(row, "elements");
}

static const char *unit_of(const json_t *row)
{
    return kaon_bench_member(row, "flops") > 0 ? "ns (share of the limit)" : "ns an element";
}

/* The time, bold for the fastest and what is within 3 % of it. */
static void print_cell(const json_t *row, double best, struct kaon_out *out)
{
    if (!row) {
        kaon_out_printf(out, " |");
        return;
    }
    const double ns = kaon_bench_member(row, "median_ns"), v = scale_of(row) * ns;
    const bool wrong = json_is_true(json_object_get(row, "wrong"));
    const char *bold = !wrong && ns <= 1.03 * best ? "**" : "";
    kaon_out_printf(out, " %s%.*f%s", bold, v < 1 ? 3 : v < 10 ? 2 : v < 1000 ? 1 : 0, v, bold);
    if (kaon_bench_member(row, "flops") > 0)
        kaon_out_printf(out, " (%.0f %%)", 100 * kaon_bench_member(row, "limit_share"));
    if (wrong)
        kaon_out_printf(out, " wrong");
    kaon_out_printf(out, " |");
}

/* ---- how kaon stands ------------------------------------------------------------------------- */

/* Peers' times over those of what kaon chooses, of the cases that both have. */
struct standing {
    double *ratio;
    size_t n;
    double least;
    const char *least_case;
};

static void add_ratio(struct standing *s, const json_t *peer, const json_t *chosen)
{
    const double r = kaon_bench_member(peer, "median_ns") / kaon_bench_member(chosen, "median_ns");
    if (!isfinite(r))
        return;
    if (s->n == 0 || r < s->least) {
        s->least = r;
        s->least_case = kaon_bench_text(peer, "case");
    }
    s->ratio[s->n++] = r;
}

static bool is_peer(const json_t *row)
{
    const char *impl = kaon_bench_text(row, "impl");
    return strcmp(impl, "kaon") != 0 && strcmp(impl, "spin") != 0 &&
           !json_is_true(json_object_get(row, "wrong"));
}

static const json_t *fastest_peer(const json_t *rows, size_t first, size_t end)
{
    const json_t *best = NULL;
    for (size_t i = first; i < end; i++) {
        const json_t *row = json_array_get(rows, i);
        if (is_peer(row) &&
            (!best || kaon_bench_member(row, "median_ns") < kaon_bench_member(best, "median_ns")))
            best = row;
    }
    return best;
}

static void print_standing(const char *who, const struct standing *s, struct kaon_out *out)
{
    if (s->n)
        kaon_out_printf(out, "| %s | %zu | %.2f | %.2f | %s |\n", who, s->n,
                        kaon_bench_geometric_mean(s->ratio, s->n), s->least, s->least_case);
}

static void stand_against(const json_t *rows, size_t first, size_t end, const json_t *column,
                          double *room, struct kaon_out *out)
{
    struct standing s = { .ratio = room };
    for (size_t i = first, next; i < end; i = next) {
        next = kaon_bench_case_end(rows, i);
        const json_t *chosen = kaon_bench_chosen(rows, i);
        const json_t *peer = column ? cell(rows, i, next, column) : fastest_peer(rows, i, next);
        if (chosen && peer)
            add_ratio(&s, peer, chosen);
    }
    print_standing(column ? kaon_bench_who(column).text : "the fastest of them", &s, out);
}

/* How many times as fast as each peer kaon is. */
static void print_standings(const json_t *rows, size_t first, size_t end, const json_t *columns,
                            struct kaon_out *out)
{
    double *room = calloc(end - first + 1, sizeof *room);
    const json_t *column;
    size_t k;
    bool any = false;
    json_array_foreach(columns, k, column) any |= is_peer(column);
    if (!room || !any) {
        free(room);
        return;
    }
    kaon_out_printf(out, "| kaon against | cases | times as fast, geometric mean | least | at |\n"
                         "|---|---:|---:|---:|---|\n");
    json_array_foreach(columns, k, column)
    {
        if (is_peer(column))
            stand_against(rows, first, end, column, room, out);
    }
    stand_against(rows, first, end, NULL, room, out);
    kaon_out_printf(out, "\n");
    free(room);
}

/* ---- models: a row an implementation --------------------------------------------------------- */

static void print_number(double v, struct kaon_out *out)
{
    if (isfinite(v))
        kaon_out_printf(out, " %.*f |", v < 10 ? 2 : v < 1000 ? 1 : 0, v);
    else
        kaon_out_printf(out, " |");
}

static void print_model(const json_t *rows, size_t first, size_t end, struct kaon_out *out)
{
    static const char *const times[] = { "median_ns", "p90_ns", "p99_ns", "p999_ns", "max_ns" };
    const json_t *chosen = kaon_bench_chosen(rows, first);
    kaon_out_printf(out,
                    "| %s, us | p50 | p90 | p99 | p99.9 | max | runs/s | times kaon's | "
                    "allocations | page faults | load, ms | difference |\n"
                    "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n",
                    kaon_bench_text(json_array_get(rows, first), "case"));
    for (size_t i = first; i < end; i++) {
        const json_t *row = json_array_get(rows, i);
        kaon_out_printf(out, "| %s |", kaon_bench_who(row).text);
        for (size_t t = 0; t < sizeof times / sizeof *times; t++)
            print_number(1e-3 * kaon_bench_member(row, times[t]), out);
        print_number(kaon_bench_member(row, "runs_per_second"), out);
        print_number(kaon_bench_member(row, "median_ns") / kaon_bench_member(chosen, "median_ns"),
                     out);
        print_number(kaon_bench_member(row, "allocations"), out);
        print_number(kaon_bench_member(row, "page_faults"), out);
        print_number(kaon_bench_member(row, "load_ms"), out);
        const double d = kaon_bench_member(row, "max_abs_diff");
        if (isfinite(d))
            kaon_out_printf(out, " %.0e%s |\n", d,
                            json_is_true(json_object_get(row, "wrong")) ? ", wrong" : "");
        else
            kaon_out_printf(out, " |\n");
    }
    kaon_out_printf(out, "\n");
}

/* Whether two cases belong into one table: the same operation. Each model has its own. */
static bool same_table(const json_t *a, const json_t *b)
{
    if (json_object_get(a, "p999_ns"))
        return !strcmp(kaon_bench_text(a, "case"), kaon_bench_text(b, "case"));
    const char *x = kaon_bench_text(a, "case"), *y = kaon_bench_text(b, "case");
    const size_t n = strcspn(x, "/ ");
    return n == strcspn(y, "/ ") && !strncmp(x, y, n);
}

static void print_columns(const json_t *rows, size_t first, size_t end, const json_t *columns,
                          struct kaon_out *out)
{
    const json_t *column;
    size_t k;
    kaon_out_printf(out, "| %s |", unit_of(json_array_get(rows, first)));
    json_array_foreach(columns, k, column)
    {
        kaon_out_printf(out, " %s |", kaon_bench_who(column).text);
    }
    kaon_out_printf(out, "\n|---|");
    json_array_foreach(columns, k, column) kaon_out_printf(out, "---:|");
    kaon_out_printf(out, "\n");
    for (size_t i = first; i < end;) {
        const size_t next = kaon_bench_case_end(rows, i);
        kaon_out_printf(out, "| %s |", kaon_bench_text(json_array_get(rows, i), "case"));
        json_array_foreach(columns, k, column)
        {
            print_cell(cell(rows, i, next, column), fastest(rows, i, next, columns), out);
        }
        kaon_out_printf(out, "\n");
        i = next;
    }
    kaon_out_printf(out, "\n");
}

/* What kaon chooses beside peers, how it stands, and, where kaon has several forms, these. */
static void print_table(const json_t *rows, size_t first, size_t end, struct kaon_out *out)
{
    json_t *columns = columns_of(rows, first, end, stands_for_all);
    json_t *forms = columns_of(rows, first, end, is_kaon);
    const json_t *column;
    size_t k;
    bool several = false;
    print_columns(rows, first, end, columns, out);
    print_standings(rows, first, end, columns, out);
    json_array_foreach(forms, k, column) several |= has_form(column);
    if (several)
        print_columns(rows, first, end, forms, out);
    json_decref(columns);
    json_decref(forms);
}

void kaon_bench_print_markdown(const json_t *run, struct kaon_out *out)
{
    const json_t *rows = json_object_get(run, "rows"), *peer;
    const size_t n = json_array_size(rows);
    const char *comma = "";
    size_t i;

    kaon_out_printf(out, "%s; %s; governor %s; kaon %s. Peers: ", kaon_bench_text(run, "cpu"),
                    kaon_bench_text(run, "kernel"), kaon_bench_text(run, "governor"),
                    kaon_bench_text(run, "kaon"));
    json_array_foreach(json_object_get(run, "peers"), i, peer)
    {
        if (*kaon_bench_text(peer, "impl")) {
            kaon_out_printf(out, "%s%s", comma, kaon_bench_text(peer, "impl"));
            comma = ", ";
        }
    }
    kaon_out_printf(out, "%s.\n\n", *comma ? "" : "none");
    for (size_t first = 0, end; first < n; first = end) {
        end = first;
        while (end < n && same_table(json_array_get(rows, first), json_array_get(rows, end)))
            end++;
        if (json_object_get(json_array_get(rows, first), "p999_ns"))
            print_model(rows, first, end, out);
        else
            print_table(rows, first, end, out);
    }
}

/* ---- CSV ------------------------------------------------------------------------------------- */

/* In quotes where RFC 4180 asks for them. */
static void csv_text(struct kaon_out *out, const char *text)
{
    if (!strpbrk(text, ",\"\r\n")) {
        kaon_out_printf(out, "%s", text);
        return;
    }
    kaon_out_printf(out, "\"");
    for (; *text; text++)
        kaon_out_printf(out, *text == '"' ? "\"\"" : "%c", *text);
    kaon_out_printf(out, "\"");
}

void kaon_bench_print_csv(const json_t *run, struct kaon_out *out)
{
    static const char *const texts[] = { "case", "impl", "form", "isa" };
    static const char *const flags[] = { "chosen", "wrong" };
    static const char *const numbers[] = { "median_ns",   "min_ns",       "p90_ns",    "p99_ns",
                                           "p999_ns",     "max_ns",       "spread_ns", "rounds",
                                           "reps",        "elements",     "flops",     "bytes",
                                           "limit_share", "max_abs_diff", "spin_ns" };
    enum { TEXTS = 4, FLAGS = 2, NUMBERS = sizeof numbers / sizeof *numbers };
    const json_t *row;
    size_t i;

    for (size_t k = 0; k < TEXTS; k++)
        kaon_out_printf(out, "%s,", texts[k]);
    for (size_t k = 0; k < FLAGS; k++)
        kaon_out_printf(out, "%s,", flags[k]);
    for (size_t k = 0; k < NUMBERS; k++)
        kaon_out_printf(out, "%s,", numbers[k]);
    kaon_out_printf(out, "cpu,kernel,governor,kaon\n");
    json_array_foreach(json_object_get(run, "rows"), i, row)
    {
        for (size_t k = 0; k < TEXTS; k++) {
            csv_text(out, kaon_bench_text(row, texts[k]));
            kaon_out_printf(out, ",");
        }
        for (size_t k = 0; k < FLAGS; k++)
            kaon_out_printf(out, "%d,", json_is_true(json_object_get(row, flags[k])));
        for (size_t k = 0; k < NUMBERS; k++) {
            const double v = kaon_bench_member(row, numbers[k]);
            if (isfinite(v))
                kaon_out_printf(out, "%.9g", v);
            kaon_out_printf(out, ",");
        }
        csv_text(out, kaon_bench_text(run, "cpu"));
        kaon_out_printf(out, ",");
        csv_text(out, kaon_bench_text(run, "kernel"));
        kaon_out_printf(out, ",%s,%s\n", kaon_bench_text(run, "governor"),
                        kaon_bench_text(run, "kaon"));
    }
}

/* ---- curves ---------------------------------------------------------------------------------- */

void kaon_bench_print_curves(const json_t *run, struct kaon_out *out)
{
    const json_t *row, *pair;
    size_t i, k;
    json_array_foreach(json_object_get(run, "rows"), i, row)
    {
        const json_t *curve = json_object_get(row, "survival");
        if (!curve)
            continue;
        kaon_out_printf(out, "# %s, %s\n", kaon_bench_text(row, "case"), kaon_bench_who(row).text);
        json_array_foreach(curve, k, pair)
        {
            kaon_out_printf(out, "%.6g %.6g\n", 1e-3 * json_number_value(json_array_get(pair, 0)),
                            json_number_value(json_array_get(pair, 1)));
        }
        kaon_out_printf(out, "\n\n");
    }
}
