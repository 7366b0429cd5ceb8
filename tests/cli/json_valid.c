/* Succeeds if stdin is one JSON object with the schema_version 1 and each member named. */
#include <jansson.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    json_error_t error;
    json_t *json = json_loadf(stdin, JSON_REJECT_DUPLICATES, &error);
    int bad = !json;

    if (bad)
        fprintf(stderr, "line %d: %s\n", error.line, error.text);
    if (json_integer_value(json_object_get(json, "schema_version")) != 1)
        bad = 1;
    for (int i = 1; i < argc; i++)
        if (!json_object_get(json, argv[i])) {
            fprintf(stderr, "no member \"%s\"\n", argv[i]);
            bad = 1;
        }
    json_decref(json);
    return bad;
}
