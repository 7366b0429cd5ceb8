#include "tools/eval/json.h"

#include <errno.h>
#include <stdio.h>

enum kaon_status kaon_eval_json_parse(json_t **root, const char *text, size_t bytes,
                                      const char *name, struct kaon_msg *msg)
{
    json_error_t error;
    *root = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &error);
    if (!*root)
        return kaon_cli_fail(msg, KAON_BAD_INPUT, "%s: is not JSON: %s at line %d, column %d", name,
                             error.text, error.line, error.column);
    if (json_is_object(*root))
        return KAON_OK;
    json_decref(*root);
    *root = NULL;
    return kaon_cli_fail(msg, KAON_BAD_INPUT, "%s: is not a JSON object", name);
}

enum kaon_status kaon_eval_json_file(json_t **root, const char *path, struct kaon_msg *msg)
{
    enum { MOST = 4 << 20 };
    *root = NULL;
    FILE *file = fopen(path, "rb");
    if (!file)
        return kaon_cli_fail_errno(msg, path, errno);
    char *text = malloc(MOST);
    const size_t bytes = text ? fread(text, 1, MOST, file) : 0;
    enum kaon_status status = KAON_OK;
    if (!text)
        status = kaon_cli_fail(msg, KAON_NO_MEMORY, "out of memory");
    else if (ferror(file))
        status = kaon_cli_fail_errno(msg, path, errno);
    else if (bytes == MOST)
        status = kaon_cli_fail(msg, KAON_BAD_INPUT, "%s: is larger than 4 MiB", path);
    else
        status = kaon_eval_json_parse(root, text, bytes, path, msg);
    free(text);
    fclose(file);
    return status;
}

/* Finds a member; *found is NULL if it is absent or null. */
static enum kaon_status member(const json_t *object, const char *key, json_type type,
                               const char *kind, json_t **found, const char *where,
                               struct kaon_msg *msg)
{
    json_t *value = json_object_get(object, key);
    *found = NULL;
    if (!value || json_is_null(value))
        return KAON_OK;
    if (type == JSON_REAL ? !json_is_number(value) : json_typeof(value) != type)
        return kaon_cli_fail(msg, KAON_BAD_INPUT, "%s: '%s' must be %s", where, key, kind);
    *found = value;
    return KAON_OK;
}

enum kaon_status kaon_eval_json_number(const json_t *object, const char *key, double *value,
                                       const char *where, struct kaon_msg *msg)
{
    json_t *found;
    const enum kaon_status status = member(object, key, JSON_REAL, "a number", &found, where, msg);
    if (found)
        *value = json_number_value(found);
    return status;
}

enum kaon_status kaon_eval_json_size(const json_t *object, const char *key, size_t *value,
                                     const char *where, struct kaon_msg *msg)
{
    enum { MOST = 1 << 20 };
    double number = (double)*value;
    const enum kaon_status status = kaon_eval_json_number(object, key, &number, where, msg);
    if (status)
        return status;
    if (!(number >= 0 && number <= MOST) || number != (double)(size_t)number)
        return kaon_cli_fail(msg, KAON_BAD_INPUT, "%s: '%s' must be a whole number up to %d", where,
                             key, MOST);
    *value = (size_t)number;
    return KAON_OK;
}

enum kaon_status kaon_eval_json_text(const json_t *object, const char *key, const char **value,
                                     const char *where, struct kaon_msg *msg)
{
    json_t *found;
    const enum kaon_status status = member(object, key, JSON_STRING, "a text", &found, where, msg);
    if (found)
        *value = json_string_value(found);
    return status;
}

enum kaon_status kaon_eval_json_object(const json_t *object, const char *key, json_t **value,
                                       const char *where, struct kaon_msg *msg)
{
    return member(object, key, JSON_OBJECT, "an object", value, where, msg);
}

enum kaon_status kaon_eval_json_list(const json_t *object, const char *key, json_t **value,
                                     const char *where, struct kaon_msg *msg)
{
    return member(object, key, JSON_ARRAY, "a list", value, where, msg);
}
