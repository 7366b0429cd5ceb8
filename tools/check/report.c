#include "tools/check/report.h"

static const char *const verdict_names[KAON_N_VERDICTS] = {
    [KAON_FAILED] = "failed",
    [KAON_PASSED] = "passed",
    [KAON_SKIPPED] = "skipped",
    [KAON_REFUSED] = "refused",
};

void kaon_report_begin(struct kaon_report *r, struct kaon_out *out, const struct kaon_say *say,
                       bool json, bool progress, bool strict, size_t n_cases)
{
    *r = (struct kaon_report){
        .out = out,
        .say = say,
        .progress = kaon_progress_begin(say, progress, "cases", n_cases),
        .cases = json ? json_array() : NULL,
        .strict = strict,
    };
}

static bool shown(const struct kaon_report *r, enum kaon_verdict verdict)
{
    if (verdict == KAON_PASSED)
        return r->say->verbose;
    return verdict == KAON_FAILED || !r->say->quiet || (verdict == KAON_REFUSED && r->strict);
}

void kaon_report_add(struct kaon_report *r, const char *name, const struct kaon_outcome *o)
{
    const enum kaon_verdict verdict = o->verdict < KAON_N_VERDICTS ? o->verdict : KAON_FAILED;
    size_t done = 0;

    r->count[verdict]++;
    if (r->cases) {
        json_array_append_new(r->cases,
                              json_pack("{s:o, s:s, s:o}", "name", kaon_json_text(name), "verdict",
                                        verdict_names[verdict], "text", kaon_json_text(o->text)));
    } else if (shown(r, verdict)) {
        kaon_progress_clear(&r->progress);
        kaon_out_printf(r->out, "%s ", verdict_names[verdict]);
        kaon_out_name(r->out, name);
        kaon_out_printf(r->out, ": ");
        kaon_out_name(r->out, o->text);
        kaon_out_printf(r->out, "\n");
    }
    for (size_t i = 0; i < KAON_N_VERDICTS; i++)
        done += r->count[i];
    kaon_progress_update(&r->progress, done);
}

size_t kaon_report_end(struct kaon_report *r, bool whole)
{
    const size_t refused = r->count[KAON_REFUSED];
    const size_t failed = r->count[KAON_FAILED] + (r->strict ? refused : 0);
    const size_t skipped = r->count[KAON_SKIPPED] + (r->strict ? 0 : refused);
    const size_t passed = r->count[KAON_PASSED];

    kaon_progress_clear(&r->progress);
    if (!whole)
        json_decref(r->cases);
    else if (r->cases)
        kaon_json_print(r->out, json_pack("{s:i, s:I, s:I, s:I, s:I, s:o}", "schema_version",
                                          KAON_JSON_SCHEMA, "passed", (json_int_t)passed, "failed",
                                          (json_int_t)failed, "skipped", (json_int_t)skipped,
                                          "refused", (json_int_t)refused, "cases", r->cases));
    else
        kaon_out_printf(r->out, "%zu passed, %zu failed, %zu skipped\n", passed, failed, skipped);
    return failed;
}
