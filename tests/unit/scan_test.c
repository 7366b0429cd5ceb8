/* engine/onnx/scan.c: what a file may cost before it is decoded. */
#include "engine/onnx/onnx.h"
#include "tests/support/support.h"

static const struct kaon_limits limits = {
    .file_bytes = 1 << 30,
    .nodes = 1000,
    .nesting = 16,
    .elements = 1 << 20,
    .open_ms = 10000,
};

static enum kaon_status scan(const ProtobufCMessageDescriptor *d, const unsigned char *data,
                             size_t bytes, size_t *out_bytes)
{
    struct kaon_arena arena;
    const unsigned char *out;
    struct kaon_msg msg = { "" };
    unsigned char *exact = malloc(bytes ? bytes : 1); /* a sanitizer sees reads past its end */
    memcpy(exact, data, bytes);
    kaon_arena_open(&arena, &kaon_allocator_default, 4096);
    const enum kaon_status st =
        kaon_onnx_scan(d, exact, bytes, &limits, &arena, &out, out_bytes, &msg);
    assert_true(st == KAON_OK || msg.text[0]);
    kaon_arena_close(&arena);
    free(exact);
    return st;
}

/* A small model of two nodes and a constant, by hand. */
static const unsigned char small[] = {
    0x08, 8,                       /* ir_version */
    0x42, 4,   0x0a, 0,  0x10, 17, /* opset_import */
    0x3a, 57,                      /* graph */
    0x0a, 15,  0x0a, 1,  'x',  0x0a, 1,    'w',  0x12, 1,    'y',  0x22, 4,    'A', 'd',
    'd',  '_', 0x0a, 10, 0x0a, 1,    'y',  0x12, 1,    'z',  0x22, 2,    'E',  'x', /* node, node */
    0x2a, 13,  0x08, 1,  0x10, 1,    0x42, 1,    'w',  0x4a, 4,    0,    0, /* initializer with raw data */
    0,    0,   0x12, 1,  'g',  0x5a, 3,    0x0a, 1,    'x',  0x62, 3,    0x0a, 1,   'z',
};

static void a_model_cut_anywhere_gives_a_status(void **state)
{
    (void)state;
    size_t n;
    for (size_t i = 0; i <= sizeof small; i++) {
        const enum kaon_status st = scan(&kaon_onnx__model__descriptor, small, i, &n);
        assert_true(st == KAON_OK || st == KAON_BAD_MODEL);
        /* whole fields of the outermost message are left at these places only */
        const bool whole = i == 0 || i == 2 || i == 8 || i == sizeof small;
        assert_true((st == KAON_OK) == whole);
    }
}

static void large_payloads_are_left_in_the_file(void **state)
{
    (void)state;
    enum { PAYLOAD = 100000 };
    static unsigned char tensor[PAYLOAD + 16] = { 0x08, 1, 0x4a, 0xa0, 0x8d, 0x06 };
    size_t n;
    assert_int_equal(scan(&kaon_onnx__tensor__descriptor, tensor, 6 + PAYLOAD, &n), KAON_OK);
    assert_true(n < 100);
    assert_int_equal(scan(&kaon_onnx__tensor__descriptor, tensor, 5 + PAYLOAD, &n), KAON_BAD_MODEL);
}

static void places_that_a_file_itself_gives_are_dropped(void **state)
{
    (void)state;
    /* fields 100001 and 100002, which the scanner writes: offset 2^40, 8 bytes */
    static const unsigned char tensor[] = {
        0x08, 1, 0x10, 1, 0x88, 0xea, 0x30, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20, 0x90, 0xea, 0x30, 8,
    };
    struct kaon_tensor t;
    size_t n;
    assert_int_equal(scan(&kaon_onnx__tensor__descriptor, tensor, sizeof tensor, &n), KAON_OK);
    assert_int_equal(n, 4);
    assert_int_equal(kaon_tensor_decode(&t, KAON_UNDEFINED, tensor, sizeof tensor, NULL, NULL),
                     KAON_BAD_MODEL);
}

static void huge_lengths_are_refused(void **state)
{
    (void)state;
    static const unsigned char fields[][12] = {
        { 0x3a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01 },    /* 2^64 - 1 */
        { 0x3a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0 },       /* 2^63 - 1 */
        { 0x3a, 0xff, 0xff, 0xff, 0xff, 0x0f, 0 },                               /* 2^32 - 1 */
        { 0x3a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1 }, /* no varint */
        { 0x00, 0 },                                                             /* field 0 */
        { 0x3b, 0 },                                                             /* a group */
        { 0xfa, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0 },                   /* field 2^40 */
    };
    size_t n;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        assert_int_equal(scan(&kaon_onnx__model__descriptor, fields[i], sizeof *fields, &n),
                         KAON_BAD_MODEL);
}

static size_t put_varint(unsigned char *out, size_t v)
{
    size_t n = 0;
    for (; v > 127; v >>= 7)
        out[n++] = (unsigned char)(v | 0x80);
    out[n++] = (unsigned char)v;
    return n;
}

/* graph { node { attribute { graph { ... } } } }, written from the inside. */
static unsigned char *nest(size_t levels, size_t *bytes)
{
    static const unsigned char tags[] = { 0x32, 0x2a, 0x0a }; /* g, attribute, node */
    const size_t room = levels * 6 + 16;
    unsigned char *data = malloc(room), head[16];
    size_t at = room;
    for (size_t i = 0; i <= levels; i++) {
        const bool outermost = i == levels;
        size_t n = 0;
        head[n++] = outermost ? 0x3a
                              : tags[(levels - 1 - i) % 3 == 0   ? 2
                                     : (levels - 1 - i) % 3 == 1 ? 1
                                                                 : 0];
        n += put_varint(head + n, room - at);
        at -= n;
        memcpy(data + at, head, n);
    }
    memmove(data, data + at, room - at);
    *bytes = room - at;
    return data;
}

static void deep_nesting_is_over_the_limit(void **state)
{
    (void)state;
    static const size_t levels[] = { 100, 1000, 100000 };
    size_t bytes, n;
    for (size_t i = 0; i < 3; i++) {
        unsigned char *data = nest(levels[i], &bytes);
        struct kaon_model *model;
        assert_int_equal(scan(&kaon_onnx__model__descriptor, data, bytes, &n), KAON_OVER_LIMIT);
        assert_int_equal(kaon_model_open_memory(&model, data, bytes, "deep", NULL, NULL),
                         KAON_OVER_LIMIT);
        free(data);
    }
    unsigned char *data = nest(3 * 16, &bytes);
    assert_int_equal(scan(&kaon_onnx__model__descriptor, data, bytes, &n), KAON_OK);
    free(data);
}

static void deep_types_are_over_the_limit(void **state)
{
    (void)state;
    /* value_info's type: sequence of sequence of ... (fields 4 and 1) */
    enum { LEVELS = 100000, ROOM = LEVELS * 5 };
    unsigned char *data = malloc(ROOM);
    size_t at = ROOM, n;
    for (size_t i = 0; i < LEVELS; i++) {
        unsigned char head[8] = { i % 2 ? 0x22 : 0x0a };
        const size_t used = 1 + put_varint(head + 1, ROOM - at);
        at -= used;
        memcpy(data + at, head, used);
    }
    assert_int_equal(scan(&kaon_onnx__type_info__descriptor, data + at, ROOM - at, &n),
                     KAON_OVER_LIMIT);
    free(data);
}

static void many_nodes_are_over_the_limit(void **state)
{
    (void)state;
    enum { NODES = 1001 };
    unsigned char data[2 * NODES + 8] = { 0x3a };
    size_t at = 1 + put_varint(data + 1, 2 * NODES), n;
    for (size_t i = 0; i < NODES; i++, at += 2)
        data[at] = 0x0a; /* an empty node */
    assert_int_equal(scan(&kaon_onnx__model__descriptor, data, at, &n), KAON_OVER_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_model_cut_anywhere_gives_a_status),
        cmocka_unit_test(large_payloads_are_left_in_the_file),
        cmocka_unit_test(places_that_a_file_itself_gives_are_dropped),
        cmocka_unit_test(huge_lengths_are_refused),
        cmocka_unit_test(deep_nesting_is_over_the_limit),
        cmocka_unit_test(deep_types_are_over_the_limit),
        cmocka_unit_test(many_nodes_are_over_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
