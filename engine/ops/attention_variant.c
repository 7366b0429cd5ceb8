/* Names of attention variants and their parameters, as attributes and options have them. */
#include "engine/ops/attention.h"

#include "kernels/attention/attention.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(KAON_ATT_PARAMS == (int)KAON_ATTENTION_PARAMS, "one number for both");

static void clear(struct kaon_attention_choice *c, int variant)
{
    const struct kaon_attention_info *info = kaon_attention_infos[variant];
    c->variant = variant;
    for (size_t i = 0; i < KAON_ATT_PARAMS; i++)
        c->param[i] = info->param[i].name ? (float)info->param[i].otherwise : 0.0f;
}

struct kaon_attention_choice kaon_attention_softmax(void)
{
    struct kaon_attention_choice c;
    clear(&c, KAON_ATTENTION_softmax);
    return c;
}

/* ---- what is near ----------------------------------------------------------------------------- */

/* Letters to change, add or drop until the words agree, at most 15 letters of each. */
static size_t distance(const char *a, size_t n_a, const char *b, size_t n_b)
{
    size_t row[17];
    n_a = n_a < 16 ? n_a : 16;
    n_b = n_b < 16 ? n_b : 16;
    for (size_t j = 0; j <= n_b; j++)
        row[j] = j;
    for (size_t i = 1; i <= n_a; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= n_b; j++) {
            const size_t kept = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            row[j] = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;
            row[j] = row[j] < kept ? row[j] : kept;
        }
    }
    return row[n_b];
}

/* Adds ", name" while there is room. */
static void add_name(char *text, size_t room, const char *name)
{
    const size_t used = strlen(text), n = strlen(name);
    if (used + n + 3 > room)
        return;
    memcpy(text + used, used ? ", " : "", used ? 2 : 0);
    memcpy(text + used + (used ? 2 : 0), name, n + 1);
}

/* The names that are nearest, or that begin alike. */
static void near_variants(char *text, size_t room, const char *name, size_t n)
{
    size_t best = SIZE_MAX;
    text[0] = 0;
    for (size_t i = 0; i < KAON_ATTENTION_COUNT; i++) {
        const char *other = kaon_attention_infos[i]->name;
        const size_t d = distance(name, n, other, strlen(other));
        best = d < best ? d : best;
    }
    for (size_t i = 0; i < KAON_ATTENTION_COUNT; i++) {
        const char *other = kaon_attention_infos[i]->name;
        if (distance(name, n, other, strlen(other)) == best || (n >= 4 && !strncmp(other, name, 4)))
            add_name(text, room, other);
    }
}

static void list_params(char *text, size_t room, const struct kaon_attention_info *info)
{
    text[0] = 0;
    for (size_t i = 0; i < KAON_ATT_PARAMS && info->param[i].name; i++)
        add_name(text, room, info->param[i].name);
}

/* ---- reading ---------------------------------------------------------------------------------- */

static int find_variant(const char *name, size_t n)
{
    for (int i = 0; i < KAON_ATTENTION_COUNT; i++)
        if (strlen(kaon_attention_infos[i]->name) == n &&
            !memcmp(kaon_attention_infos[i]->name, name, n))
            return i;
    return -1;
}

static int find_param(const struct kaon_attention_info *info, const char *name, size_t n)
{
    for (int i = 0; i < KAON_ATT_PARAMS && info->param[i].name; i++)
        if (strlen(info->param[i].name) == n && !memcmp(info->param[i].name, name, n))
            return i;
    return -1;
}

/* A decimal number that is all of the text; the locale has no say. */
static bool read_number(const char *text, size_t n, double *x)
{
    double whole = 0.0, place = 1.0;
    bool digits = false, negative = n > 0 && text[0] == '-', point = false;
    size_t i = n > 0 && (text[0] == '-' || text[0] == '+');
    for (; i < n && text[i] != 'e' && text[i] != 'E'; i++) {
        if (text[i] == '.' && !point) {
            point = true;
        } else if (text[i] >= '0' && text[i] <= '9') {
            whole = whole * 10.0 + (text[i] - '0');
            place *= point ? 10.0 : 1.0;
            digits = true;
        } else {
            return false;
        }
    }
    long exponent = 0;
    if (i < n) {
        char *end;
        char copy[8] = "";
        if (n - i - 1 == 0 || n - i - 1 >= sizeof copy)
            return false;
        memcpy(copy, text + i + 1, n - i - 1);
        exponent = strtol(copy, &end, 10);
        if (*end)
            return false;
    }
    *x = (negative ? -whole : whole) / place * pow(10.0, (double)exponent);
    return digits && isfinite(*x);
}

static enum kaon_status read_param(struct kaon_attention_choice *c,
                                   const struct kaon_attention_info *info, const char *text,
                                   size_t n, struct kaon_msg *msg)
{
    const char *equals = memchr(text, '=', n);
    const size_t name = equals ? (size_t)(equals - text) : n;
    const int i = find_param(info, text, name);
    char known[160];
    double x;
    list_params(known, sizeof known, info);
    if (i < 0)
        return kaon_fail(msg, KAON_BAD_ARGUMENT, "%s has no parameter '%.*s'; it has %s",
                         info->name, (int)(name < 40 ? name : 40), text, known[0] ? known : "none");
    const struct kaon_attention_param_info *p = &info->param[i];
    if (!equals || !read_number(equals + 1, n - name - 1, &x))
        return kaon_fail(msg, KAON_BAD_ARGUMENT, "%s: parameter %s wants a number: %s=...",
                         info->name, p->name, p->name);
    if (!(x >= p->least && x <= p->most))
        return kaon_fail(msg, KAON_BAD_ARGUMENT, "%s: %s is %g, wanted %g to %g", info->name,
                         p->name, x, p->least, p->most);
    c->param[i] = (float)x;
    return KAON_OK;
}

static enum kaon_status check_required(const struct kaon_attention_choice *c,
                                       const struct kaon_attention_info *info, uint32_t given,
                                       struct kaon_msg *msg)
{
    (void)c;
    for (int i = 0; i < KAON_ATT_PARAMS && info->param[i].name; i++)
        if (info->param[i].required && !(given >> i & 1))
            return kaon_fail(msg, KAON_BAD_ARGUMENT, "%s needs its parameter %s", info->name,
                             info->param[i].name);
    return KAON_OK;
}

enum kaon_status kaon_attention_choose(struct kaon_attention_choice *choice, const char *text,
                                       size_t length, struct kaon_msg *msg)
{
    const char *end = text + length, *colon = memchr(text, ':', length);
    const size_t n = colon ? (size_t)(colon - text) : length;
    const int variant = find_variant(text, n);
    uint32_t given = 0;
    if (variant < 0) {
        char near[160];
        near_variants(near, sizeof near, text, n);
        return kaon_fail(msg, KAON_BAD_ARGUMENT,
                         "there is no attention variant '%.*s'; near are %s",
                         (int)(n < 40 ? n : 40), text, near);
    }
    const struct kaon_attention_info *info = kaon_attention_infos[variant];
    clear(choice, variant);
    for (const char *at = colon; at; at = colon) {
        colon = memchr(at + 1, ':', (size_t)(end - at - 1));
        const size_t part = (size_t)((colon ? colon : end) - at - 1);
        const enum kaon_status st = read_param(choice, info, at + 1, part, msg);
        if (st != KAON_OK)
            return st;
        const char *equals = memchr(at + 1, '=', part);
        given |= 1u << find_param(info, at + 1, (size_t)(equals - at - 1));
    }
    return check_required(choice, info, given, msg);
}
