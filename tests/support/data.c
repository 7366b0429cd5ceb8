#include "tests/support/support.h"

#include <unistd.h>

static void die(const char *what, const char *which)
{
    fprintf(stderr, "%s: %s\n", which, what);
    exit(1);
}

const char *test_data(void)
{
    const char *given = getenv("KAON_DATA");
    return given && *given ? given : KAON_TESTS_DATA;
}

bool test_have_file(const char *path)
{
    return access(path, R_OK) == 0;
}

static const char *path_of(const char *base, const char *middle, const char *name)
{
    static char buffers[8][1024];
    static unsigned next;
    char *buffer = buffers[next++ % 8];
    const int n = snprintf(buffer, sizeof buffers[0], "%s%s%s", base, middle, name);
    if (n >= (int)sizeof buffers[0])
        die("a path that is too long", name);
    return buffer;
}

/* "btag/btag_gn2/..." is shipped as "btag_gn2/...". */
const char *test_model_path(const char *name)
{
    const char *rest = strncmp(name, "btag/", 5) ? NULL : name + 5;
    const char *shipped = rest ? path_of(KAON_TESTS_SHIPPED, "/", rest) : NULL;
    if (shipped && strrchr(rest, '/') && test_have_file(shipped))
        return shipped;
    return path_of(test_data(), "/models/", name);
}

const char *test_case_path(const char *name)
{
    const char *given = getenv("KAON_CONFORMANCE");
    return path_of(given && *given ? given : KAON_TESTS_CONFORMANCE, "/", name);
}

bool test_have_models(void)
{
    return test_have_file(path_of(test_data(), "/models/", "btag/btag_small/model.onnx"));
}

/* Skips the running test if its file is one of those that KAON_DATA would bring. */
static void need(const char *path)
{
    if (test_have_file(path) || test_have_models())
        return;
    printf("skipped: %s is not there\n", path);
    skip();
}

int test_skip(const char *why)
{
    printf("skipped: %s\n", why);
    return TEST_SKIPPED;
}

unsigned char *test_read(const char *path, size_t *bytes)
{
    need(path);
    FILE *f = fopen(path, "rb");
    if (!f || fseek(f, 0, SEEK_END) != 0)
        die("cannot be read", path);
    const long n = ftell(f);
    unsigned char *data = malloc(n > 0 ? (size_t)n : 1);
    rewind(f);
    if (!data || fread(data, 1, (size_t)n, f) != (size_t)n)
        die("cannot be read", path);
    fclose(f);
    *bytes = (size_t)n;
    return data;
}

const char *test_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = (char *)(uintptr_t)path_of(path, "", "");
    folder[slash ? slash - path : 0] = 0;
    return folder;
}

struct kaon_model *test_open(const char *path, const struct kaon_open_options *options)
{
    struct kaon_model *model;
    struct kaon_msg msg;
    need(path);
    if (kaon_model_open(&model, path, options, &msg) != KAON_OK)
        die(msg.text, "kaon_model_open");
    return model;
}

struct kaon_session *test_session(const struct kaon_model *model)
{
    struct kaon_session *session;
    struct kaon_msg msg;
    if (kaon_session_open(&session, model, NULL, &msg) != KAON_OK)
        die(msg.text, "kaon_session_open");
    return session;
}

void test_text_write(void *user, const char *text, size_t bytes)
{
    struct test_text *t = user;
    char *grown = realloc(t->text, t->bytes + bytes + 1);
    if (!grown)
        die("no memory", "test_text_write");
    memcpy(grown + t->bytes, text, bytes);
    t->text = grown;
    t->bytes += bytes;
    t->text[t->bytes] = 0;
}
