#include "tools/bench/saved.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "tools/bench/print.h"
#include "tools/bench/row.h"
#include "tools/cli/atomic.h"
#include "tools/cli/fail.h"
#include "tools/cli/json.h"

enum kaon_status kaon_bench_save(const json_t *run, const char *path, bool force,
                                 struct kaon_msg *msg)
{
    struct kaon_atomic file;
    enum kaon_status st = kaon_atomic_open(&file, path, force, msg);
    if (st != KAON_OK)
        return st;
    if (json_dumpf(run, file.file, JSON_INDENT(1) | JSON_ENSURE_ASCII) != 0) {
        kaon_atomic_abandon(&file);
        return kaon_cli_fail(msg, KAON_IO, "%s: cannot be written", path);
    }
    return kaon_atomic_commit(&file, msg);
}

enum kaon_status kaon_bench_load(json_t **run, const char *path, struct kaon_msg *msg)
{
    json_error_t error;
    *run = NULL;
    FILE *f = fopen(path, "r");
    if (!f)
        return kaon_cli_fail_errno(msg, path, errno);
    json_t *json = json_loadf(f, 0, &error);
    fclose(f);
    if (!json)
        return kaon_cli_fail(msg, KAON_BAD_INPUT, "%s: line %d: %s", path, error.line, error.text);
    if (json_integer_value(json_object_get(json, "schema_version")) != KAON_JSON_SCHEMA ||
        !json_is_array(json_object_get(json, "rows"))) {
        json_decref(json);
        return kaon_cli_fail(msg, KAON_BAD_INPUT,
                             "%s: not a run that kaon bench saved (schema version %d)", path,
                             KAON_JSON_SCHEMA);
    }
    *run = json;
    return KAON_OK;
}

/* The row of the same case, implementation, form and instruction set; NULL if there is none. */
static const json_t *counterpart(const json_t *run, const json_t *row)
{
    const json_t *other;
    size_t i;
    json_array_foreach(json_object_get(run, "rows"), i, other)
    {
        if (!strcmp(kaon_bench_text(row, "case"), kaon_bench_text(other, "case")) &&
            !strcmp(kaon_bench_who(row).text, kaon_bench_who(other).text))
            return other;
    }
    return NULL;
}

static const char *verdict(double ratio, bool differ)
{
    if (!differ || fabs(ratio - 1.0) < 0.03)
        return "same";
    return ratio < 1.0 ? "faster" : "slower";
}

void kaon_bench_compare(const json_t *now, const json_t *before, struct kaon_out *out,
                        size_t *slower)
{
    size_t i, n_faster = 0, n_slower = 0, n = 0;
    const json_t *row;

    *slower = 0;
    if (strcmp(kaon_bench_text(now, "cpu"), kaon_bench_text(before, "cpu")) != 0)
        kaon_out_printf(out, "The runs are of different CPUs: %s, before %s.\n",
                        kaon_bench_text(now, "cpu"), kaon_bench_text(before, "cpu"));
    kaon_out_printf(out, "%-30s %-28s %10s %10s %6s\n", "case", "", "before, ns", "now, ns",
                    "ratio");
    json_array_foreach(json_object_get(now, "rows"), i, row)
    {
        const json_t *old = counterpart(before, row);
        if (!old)
            continue;
        const double spins = kaon_bench_member(row, "spin_ns") / kaon_bench_member(old, "spin_ns");
        const double scale = isfinite(spins) && spins > 0 ? spins : 1.0;
        const double was = scale * kaon_bench_member(old, "median_ns"),
                     is = kaon_bench_member(row, "median_ns");
        const char *word = verdict(is / was, kaon_bench_rows_differ(row, old, scale));
        kaon_out_printf(out, "%-30s %-28s %10.1f %10.1f %6.3f %s\n", kaon_bench_text(row, "case"),
                        kaon_bench_who(row).text, was, is, is / was, word);
        n++;
        n_faster += !strcmp(word, "faster");
        n_slower += !strcmp(word, "slower");
        *slower += !strcmp(word, "slower") && is > 1.05 * was &&
                   !strcmp(kaon_bench_text(row, "impl"), "kaon");
    }
    kaon_out_printf(out, "%zu rows in both: %zu faster, %zu slower, %zu the same\n", n, n_faster,
                    n_slower, n - n_faster - n_slower);
}
