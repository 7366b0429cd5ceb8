#include "tools/cli/json.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

json_t *kaon_json_text(const char *text)
{
    json_t *json = json_string(text);
    if (json)
        return json;
    char *copy = strdup(text);
    for (char *c = copy; c && *c; c++)
        if ((unsigned char)*c >= 0x80)
            *c = '?';
    json = copy ? json_string(copy) : NULL;
    free(copy);
    return json;
}

json_t *kaon_json_number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static int write_piece(const char *text, size_t bytes, void *user)
{
    kaon_out_write(user, text, bytes);
    return 0;
}

void kaon_json_print(struct kaon_out *out, json_t *json)
{
    const size_t flags = JSON_INDENT(2) | JSON_ENSURE_ASCII;
    if (!json || json_dump_callback(json, write_piece, out, flags) != 0)
        out->error = out->error ? out->error : ENOMEM;
    kaon_out_printf(out, "\n");
    json_decref(json);
}
