#include "tools/eval/fields.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* Groups of names for one quantity: older dumps, newer ones, open data. */
static const char *const spellings[][2] = {
    { "IP3D_signed_d0_significance", "lifetimeSignedD0Significance" },
    { "IP3D_signed_z0_significance", "lifetimeSignedZ0SinThetaSignificance" },
    { "valid", "mask" }, /* JetNet */
};

/* Jet variables are written without this suffix in metadata, and with it in most files. */
static const char suffix[] = "_btagJes";
static const char *const suffixed[] = { "pt", "eta", "absEta", "phi", "mass", "energy" };

static int is_suffixed(const char *name, size_t length)
{
    for (size_t i = 0; i < COUNT(suffixed); i++)
        if (strlen(suffixed[i]) == length && !strncmp(name, suffixed[i], length))
            return 1;
    return 0;
}

int kaon_eval_field_alias(const char *name, size_t k, char *text, size_t room)
{
    for (size_t i = 0; i < COUNT(spellings); i++)
        for (size_t j = 0; j < 2; j++)
            if (!strcmp(name, spellings[i][j]))
                return k == 0 && snprintf(text, room, "%s", spellings[i][1 - j]) < (int)room;
    if (k > 0)
        return 0;
    const size_t length = strlen(name), tail = sizeof suffix - 1;
    if (length > tail && !strcmp(name + length - tail, suffix) && is_suffixed(name, length - tail))
        return snprintf(text, room, "%.*s", (int)(length - tail), name) < (int)room;
    if (is_suffixed(name, length))
        return snprintf(text, room, "%s%s", name, suffix) < (int)room;
    return 0;
}

const char *kaon_eval_field_absolute(const char *name)
{
    static const char *const pairs[][2] = { { "absEta", "eta" },
                                            { "absEta_btagJes", "eta_btagJes" } };
    for (size_t i = 0; i < COUNT(pairs); i++)
        if (!strcmp(name, pairs[i][0]))
            return pairs[i][1];
    return NULL;
}

static long find(const char *const *have, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(have[i], name))
            return (long)i;
    return -1;
}

long kaon_eval_field_find(const char *const *have, size_t n, const char *name)
{
    char other[256];
    long at = find(have, n, name);
    for (size_t k = 0; at < 0 && kaon_eval_field_alias(name, k, other, sizeof other); k++)
        at = find(have, n, other);
    return at;
}

/* Edits (insert, delete, replace) between two names without regard to case; 99 for long ones. */
static unsigned distance(const char *a, const char *b)
{
    enum { LONGEST = 96 };
    unsigned char row[LONGEST + 1];
    const size_t na = strlen(a), nb = strlen(b);
    if (na > LONGEST || nb > LONGEST)
        return 99;
    for (size_t j = 0; j <= nb; j++)
        row[j] = (unsigned char)j;
    for (size_t i = 1; i <= na; i++) {
        unsigned before = row[0];
        row[0] = (unsigned char)i;
        for (size_t j = 1; j <= nb; j++) {
            const unsigned same =
                tolower((unsigned char)a[i - 1]) == tolower((unsigned char)b[j - 1]);
            unsigned best = before + !same;
            before = row[j];
            if (row[j] + 1u < best)
                best = row[j] + 1u;
            if (row[j - 1] + 1u < best)
                best = row[j - 1] + 1u;
            row[j] = (unsigned char)best;
        }
    }
    return row[nb];
}

void kaon_eval_field_look_alikes(const char *const *have, size_t n, const char *name, char *text,
                                 size_t room)
{
    enum { MOST = 3 };
    const unsigned near = (unsigned)strlen(name) / 2 + 1;
    size_t length = 0, shown = 0;
    *text = '\0';
    for (unsigned d = 1; d <= near && shown < MOST; d++)
        for (size_t i = 0; i < n && shown < MOST; i++) {
            if (distance(have[i], name) != d)
                continue;
            const int more =
                snprintf(text + length, room - length, "%s%s", shown ? ", " : "", have[i]);
            if (more < 0 || (size_t)more >= room - length) {
                text[length] = '\0';
                return;
            }
            length += (size_t)more, shown++;
        }
}
