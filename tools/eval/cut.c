#include "tools/eval/cut.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *text;
    enum eval_cut_operator op;
} operators[] = {
    /* longer ones first */
    { "==", EVAL_CUT_EQ },       { "!=", EVAL_CUT_NE }, { ">=", EVAL_CUT_GE },
    { "<=", EVAL_CUT_LE },       { ">", EVAL_CUT_GT },  { "<", EVAL_CUT_LT },
    { "notin", EVAL_CUT_NOTIN }, { "in", EVAL_CUT_IN },
};

static const char *skip(const char *at)
{
    while (isspace((unsigned char)*at))
        at++;
    return at;
}

/* A number with underscores between its digits; NULL if there is none. */
static const char *number(const char *at, double *value)
{
    char digits[64];
    size_t n = 0;
    at = skip(at);
    for (; *at && (isalnum((unsigned char)*at) || strchr("+-._", *at)); at++) {
        if (*at == '_')
            continue;
        if (n + 1 == sizeof digits)
            return NULL;
        digits[n++] = *at;
    }
    digits[n] = '\0';
    char *end = digits;
    *value = strtod(digits, &end);
    if (isinf(*value) && !strpbrk(digits, "iI")) /* "1e999" */
        return NULL;
    return n && !*end && !strpbrk(digits, "xXpP") ? at : NULL;
}

static const char *list(const char *at, struct eval_cut *cut)
{
    const char close = *at == '(' ? ')' : *at == '[' ? ']' : '\0';
    if (!close)
        return NULL;
    for (at = skip(at + 1); *at != close; at = skip(at)) {
        if (cut->n_values == sizeof cut->value / sizeof *cut->value)
            return NULL;
        if (!(at = number(at, &cut->value[cut->n_values])) ||
            !isfinite(cut->value[cut->n_values++]))
            return NULL;
        at = skip(at);
        if (*at == ',')
            at++;
        else if (*at != close)
            return NULL;
    }
    return at + 1;
}

static const char *field(const char *at, struct eval_cut *cut)
{
    size_t n = 0;
    at = skip(at);
    while (isalnum((unsigned char)*at) || *at == '_') {
        if (n + 1 == sizeof cut->field)
            return NULL;
        cut->field[n++] = *at++;
    }
    /* a place of an array: "truth[3]" */
    const size_t digits = *at == '[' ? strspn(at + 1, "0123456789") : 0;
    if (digits > 0 && at[digits + 1] == ']') {
        if (n + digits + 2 >= sizeof cut->field)
            return NULL;
        memcpy(cut->field + n, at, digits + 2);
        n += digits + 2;
        at += digits + 2;
    }
    return n && !isdigit((unsigned char)cut->field[0]) ? skip(at) : NULL;
}

static const char *parse(struct eval_cut *cut, const char *at)
{
    if (!(at = field(at, cut)))
        return NULL;
    if (*at == '%') {
        if (!(at = number(at + 1, &cut->modulo)) || !(cut->modulo > 0) || isinf(cut->modulo))
            return NULL;
        at = skip(at);
    }
    size_t i = 0;
    const size_t n = sizeof operators / sizeof *operators;
    while (i < n && strncmp(at, operators[i].text, strlen(operators[i].text)))
        i++;
    if (i == n)
        return NULL;
    cut->op = operators[i].op;
    at = skip(at + strlen(operators[i].text));
    if (cut->op == EVAL_CUT_IN || cut->op == EVAL_CUT_NOTIN)
        return list(at, cut);
    cut->n_values = 1;
    at = number(at, &cut->value[0]);
    /* as in atlas-ftag-tools: "nan" with == and != only, infinities with all */
    return at && isnan(cut->value[0]) && cut->op != EVAL_CUT_EQ && cut->op != EVAL_CUT_NE ? NULL
                                                                                          : at;
}

enum kaon_status kaon_eval_cut_parse(struct eval_cut *cut, const char *text, const char *where,
                                     struct kaon_msg *msg)
{
    *cut = (struct eval_cut){ .modulo = 0 };
    const char *end = parse(cut, text);
    if (!end || *skip(end))
        return kaon_cli_fail(
            msg, KAON_BAD_INPUT,
            "%s: '%s' is not a cut such as \"pt > 20_000\" or \"label in (5, 15)\"", where, text);
    return KAON_OK;
}

bool kaon_eval_cut_passes(const struct eval_cut *cut, double value)
{
    if (cut->modulo > 0) {
        value = fmod(value, cut->modulo);
        if (value < 0) /* as in Python: the sign of the divisor */
            value += cut->modulo;
    }
    bool among = false;
    for (size_t i = 0; i < cut->n_values; i++)
        among = among || value == cut->value[i] || (isnan(value) && isnan(cut->value[i]));
    switch (cut->op) {
    case EVAL_CUT_EQ:
    case EVAL_CUT_IN:
        return among;
    case EVAL_CUT_NE:
    case EVAL_CUT_NOTIN:
        return !among;
    case EVAL_CUT_GE:
        return value >= cut->value[0];
    case EVAL_CUT_LE:
        return value <= cut->value[0];
    case EVAL_CUT_GT:
        return value > cut->value[0];
    case EVAL_CUT_LT:
        return value < cut->value[0];
    }
    return false;
}
