#include "tools/run/report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tools/cli/buffer.h"
#include "tools/cli/fail.h"
#include "tools/cli/json.h"
#include "tools/model/digest.h"
#include "tools/model/element.h"
#include "tools/model/shape.h"

/* One output, or one element of a sequence. */
struct summary {
    const char *name;
    int64_t element; /* -1: not of a sequence */
    const struct kaon_tensor *tensor;
    double min, max; /* of the numbers; NaN if there are none */
    size_t nans;
    struct kaon_digest digest;
};

/* Of strings the digest is that of the texts with their zero bytes. */
static enum kaon_status digest_texts(struct summary *s, struct kaon_msg *msg)
{
    const char *const *texts = s->tensor->data;
    struct kaon_buffer all = { 0 };
    for (int64_t i = 0; i < kaon_tensor_count(s->tensor); i++)
        kaon_buffer_write(&all, texts[i] ? texts[i] : "", texts[i] ? strlen(texts[i]) + 1 : 1);
    const enum kaon_status st =
        all.failed ? kaon_cli_fail(msg, KAON_NO_MEMORY, "no memory for the report")
                   : kaon_digest_memory(&s->digest, all.at ? all.at : "", all.bytes, msg);
    free(all.at);
    return st;
}

static enum kaon_status summarise(struct summary *s, struct kaon_msg *msg)
{
    const size_t n = (size_t)kaon_tensor_count(s->tensor);
    s->min = s->max = (double)NAN;
    if (s->tensor->type == KAON_STRING)
        return digest_texts(s, msg);
    for (size_t i = 0; i < n; i++) {
        const double v = kaon_element(s->tensor, i);
        s->nans += isnan(v);
        s->min = fmin(s->min, v);
        s->max = fmax(s->max, v);
    }
    return kaon_digest_memory(&s->digest, s->tensor->data, n * kaon_type_bytes(s->tensor->type),
                              msg);
}

static void print_line(const struct summary *s, struct kaon_out *out)
{
    kaon_out_name(out, s->name);
    if (s->element >= 0)
        kaon_out_printf(out, "[%lld]", (long long)s->element);
    kaon_out_printf(out, "  %s  min %.9g  max %.9g", kaon_tensor_text(s->tensor).text, s->min,
                    s->max);
    if (s->nans)
        kaon_out_printf(out, "  NaN %zu", s->nans);
    kaon_out_printf(out, "  sha256 %s\n", s->digest.hex);
}

static json_t *as_json(const struct summary *s)
{
    json_t *shape = json_array();
    for (int32_t d = 0; d < s->tensor->rank; d++)
        json_array_append_new(shape, json_integer(s->tensor->dims[d]));
    json_t *o = json_pack("{s:o, s:s, s:o, s:o, s:o, s:I, s:s}", "name", kaon_json_text(s->name),
                          "type", kaon_type_name(s->tensor->type), "shape", shape, "min",
                          kaon_json_number(s->min), "max", kaon_json_number(s->max), "nan",
                          (json_int_t)s->nans, "sha256", s->digest.hex);
    if (o && s->element >= 0)
        json_object_set_new(o, "element", json_integer(s->element));
    return o;
}

static enum kaon_status report_tensor(struct summary s, json_t *list, struct kaon_out *out,
                                      struct kaon_msg *msg)
{
    const enum kaon_status st = summarise(&s, msg);
    if (st != KAON_OK)
        return st;
    if (!list)
        print_line(&s, out);
    else if (json_array_append_new(list, as_json(&s)) != 0)
        return kaon_cli_fail(msg, KAON_NO_MEMORY, "no memory for the report");
    return KAON_OK;
}

static enum kaon_status report_output(const char *name, const struct kaon_tensor *t, json_t *list,
                                      struct kaon_out *out, struct kaon_msg *msg)
{
    const struct kaon_tensor *elements = t->data;
    enum kaon_status st = KAON_OK;

    if (t->type != KAON_SEQUENCE)
        return report_tensor((struct summary){ .name = name, .element = -1, .tensor = t }, list,
                             out, msg);
    if (!list && t->dims[0] == 0) {
        kaon_out_name(out, name);
        kaon_out_printf(out, "  sequence of 0\n");
    }
    for (int64_t i = 0; st == KAON_OK && i < t->dims[0]; i++)
        st = report_tensor((struct summary){ .name = name, .element = i, .tensor = &elements[i] },
                           list, out, msg);
    return st;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double quantile(const struct kaon_run_result *r, double q)
{
    return 1e6 * r->seconds[(size_t)(q * (double)(r->n_runs - 1) + 0.5)];
}

static void print_times(const struct kaon_run_result *r, struct kaon_out *out)
{
    kaon_out_printf(out,
                    "%zu runs: min %.1f us, median %.1f us, p90 %.1f us, p99 %.1f us, "
                    "max %.1f us\n",
                    r->n_runs, quantile(r, 0), quantile(r, 0.5), quantile(r, 0.9),
                    quantile(r, 0.99), quantile(r, 1));
}

static json_t *times_json(const struct kaon_run_result *r)
{
    return json_pack("{s:I, s:f, s:f, s:f, s:f, s:f}", "runs", (json_int_t)r->n_runs, "min",
                     quantile(r, 0), "p50", quantile(r, 0.5), "p90", quantile(r, 0.9), "p99",
                     quantile(r, 0.99), "max", quantile(r, 1));
}

enum kaon_status kaon_run_report(const struct kaon_run_result *r, bool json, struct kaon_out *out,
                                 struct kaon_msg *msg)
{
    json_t *list = json ? json_array() : NULL;
    enum kaon_status st = KAON_OK;
    struct kaon_port port;

    for (size_t i = 0; st == KAON_OK && i < kaon_model_output_count(r->model); i++) {
        st = kaon_model_output(r->model, i, &port);
        if (st == KAON_OK)
            st = report_output(port.name, &r->outputs[i], list, out, msg);
    }
    if (st != KAON_OK) {
        json_decref(list);
        return st;
    }
    if (r->n_runs)
        qsort(r->seconds, r->n_runs, sizeof *r->seconds, by_size);
    if (json) {
        json_t *o =
            json_pack("{s:i, s:o, s:s, s:o}", "schema_version", KAON_JSON_SCHEMA, "model",
                      kaon_json_text(r->path), "isa", kaon_model_isa(r->model), "outputs", list);
        if (o && r->n_runs)
            json_object_set_new(o, "microseconds", times_json(r));
        kaon_json_print(out, o);
    } else if (r->n_runs) {
        print_times(r, out);
    }
    return KAON_OK;
}
