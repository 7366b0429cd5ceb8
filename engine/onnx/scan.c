/* The scanner: a first walk over a protobuf message that bounds what decoding will cost.
 *
 * protobuf-c copies every byte field and recurses for every nested message. So before it sees a
 * file, this walk refuses nesting and counts over the limits, drops fields that kaon does not read,
 * and replaces tensor payloads by their place in the file, where they are used later. What remains
 * is small and is decoded by the library. */
#include "engine/onnx/onnx.h"

#include "engine/base/size.h"

#include <string.h>

enum {
    WIRE_VARINT = 0,
    WIRE_64 = 1,
    WIRE_BYTES = 2,
    WIRE_32 = 5,
    FIELD_RAW_DATA = 9,
    FIELD_OWN = 100000, /* numbers above are kaon's own */
    FIELD_RAW_OFFSET = 100001,
    FIELD_RAW_BYTES = 100002,
    SMALL_PAYLOAD = 64,  /* copied along rather than pointed to */
    LEVELS_PER_GRAPH = 3 /* Node, Attribute, Graph */
};

struct scan {
    const unsigned char *data; /* of the whole file */
    unsigned char *out;        /* NULL in the first round, which only measures */
    size_t n_out;
    size_t *lengths; /* of nested messages after scanning, in order of appearance */
    size_t n_lengths, room_lengths, next_length;
    uint64_t nodes, messages;
    const struct kaon_limits *limits;
    struct kaon_arena *arena;
    struct kaon_msg *msg;
};

static bool read_varint(const unsigned char **p, const unsigned char *end, uint64_t *value)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 64 && *p < end; shift += 7) {
        const unsigned char b = *(*p)++;
        v |= (uint64_t)(b & 0x7f) << shift;
        if (!(b & 0x80)) {
            *value = v;
            return true;
        }
    }
    return false;
}

static void put(struct scan *s, const unsigned char *bytes, size_t n)
{
    if (s->out)
        memcpy(s->out + s->n_out, bytes, n);
    s->n_out += n;
}

static void put_varint(struct scan *s, uint64_t v)
{
    unsigned char b[10];
    size_t n = 0;
    do {
        b[n] = (unsigned char)(v & 0x7f);
        v >>= 7;
        b[n++] |= v ? 0x80 : 0;
    } while (v);
    put(s, b, n);
}

static enum kaon_status invalid(struct scan *s, const unsigned char *at)
{
    return kaon_fail(s->msg, KAON_BAD_MODEL,
                     "not a valid ONNX file: the protobuf encoding breaks at byte %zu",
                     (size_t)(at - s->data));
}

/* A place in the list of lengths: filled after measuring, read back when writing. */
static enum kaon_status next_length(struct scan *s, size_t *index)
{
    if (s->out) {
        *index = s->next_length++;
        return KAON_OK;
    }
    if (s->n_lengths == s->room_lengths) {
        const size_t room = s->room_lengths ? 2 * s->room_lengths : 1024;
        size_t *grown = kaon_arena_push_zero(s->arena, room, sizeof *grown);
        if (!grown)
            return kaon_fail(s->msg, KAON_NO_MEMORY, "no memory to scan the file");
        if (s->n_lengths)
            memcpy(grown, s->lengths, s->n_lengths * sizeof *grown);
        s->lengths = grown;
        s->room_lengths = room;
    }
    *index = s->n_lengths++;
    return KAON_OK;
}

static enum kaon_status count(struct scan *s, const ProtobufCMessageDescriptor *child)
{
    if (s->out)
        return KAON_OK;
    if (child == &kaon_onnx__node__descriptor && ++s->nodes > s->limits->nodes)
        return kaon_fail(s->msg, KAON_OVER_LIMIT, "more than %llu nodes",
                         (unsigned long long)s->limits->nodes);
    if (++s->messages > 64 * s->limits->nodes + 65536)
        return kaon_fail(s->msg, KAON_OVER_LIMIT, "more parts than %llu nodes can need",
                         (unsigned long long)s->limits->nodes);
    return KAON_OK;
}

static enum kaon_status scan_message(struct scan *s, const ProtobufCMessageDescriptor *d,
                                     const unsigned char *p, const unsigned char *end,
                                     unsigned depth);

static enum kaon_status scan_child(struct scan *s, const ProtobufCMessageDescriptor *child,
                                   const unsigned char *tag, size_t tag_bytes,
                                   const unsigned char *p, size_t n, unsigned depth)
{
    size_t index = 0;
    enum kaon_status st = count(s, child);
    if (st == KAON_OK)
        st = next_length(s, &index);
    if (st != KAON_OK)
        return st;
    if (s->out) {
        put(s, tag, tag_bytes);
        put_varint(s, s->lengths[index]);
        return scan_message(s, child, p, p + n, depth + 1);
    }
    const size_t before = s->n_out;
    st = scan_message(s, child, p, p + n, depth + 1);
    s->lengths[index] = s->n_out - before;
    put(s, tag, tag_bytes);
    put_varint(s, s->lengths[index]);
    return st;
}

/* One field behind its tag; *p is moved past it. */
static enum kaon_status scan_field(struct scan *s, const ProtobufCMessageDescriptor *d,
                                   const unsigned char *tag, const unsigned char **p,
                                   const unsigned char *end, uint64_t key, unsigned depth)
{
    const size_t tag_bytes = (size_t)(*p - tag);
    const ProtobufCFieldDescriptor *f =
        key >> 3 > FIELD_OWN ? NULL
                             : protobuf_c_message_descriptor_get_field(d, (unsigned)(key >> 3));
    uint64_t n = 0;

    switch (key & 7) {
    case WIRE_VARINT:
        if (!read_varint(p, end, &n))
            return invalid(s, tag);
        break;
    case WIRE_64:
    case WIRE_32:
        n = (key & 7) == WIRE_64 ? 8 : 4;
        if ((uint64_t)(end - *p) < n)
            return invalid(s, tag);
        *p += n;
        break;
    case WIRE_BYTES:
        if (!read_varint(p, end, &n) || n > (uint64_t)(end - *p))
            return invalid(s, tag);
        if (f && f->type == PROTOBUF_C_TYPE_MESSAGE) {
            const unsigned char *body = *p;
            *p += n;
            return scan_child(s, f->descriptor, tag, tag_bytes, body, n, depth);
        }
        if (d == &kaon_onnx__tensor__descriptor && key >> 3 == FIELD_RAW_DATA &&
            n > SMALL_PAYLOAD) {
            put_varint(s, FIELD_RAW_OFFSET << 3);
            put_varint(s, (uint64_t)(*p - s->data));
            put_varint(s, FIELD_RAW_BYTES << 3);
            put_varint(s, n);
            f = NULL; /* the payload itself stays where it is */
        }
        *p += n;
        break;
    default:
        return invalid(s, tag);
    }
    if (f)
        put(s, tag, (size_t)(*p - tag));
    return KAON_OK;
}

static enum kaon_status scan_message(struct scan *s, const ProtobufCMessageDescriptor *d,
                                     const unsigned char *p, const unsigned char *end,
                                     unsigned depth)
{
    if (depth > LEVELS_PER_GRAPH * s->limits->nesting + 8)
        return kaon_fail(s->msg, KAON_OVER_LIMIT, "nested deeper than %u graphs",
                         s->limits->nesting);
    while (p < end) {
        const unsigned char *tag = p;
        uint64_t key;
        if (!read_varint(&p, end, &key) || key >> 3 == 0 || key >> 32)
            return invalid(s, tag);
        const enum kaon_status st = scan_field(s, d, tag, &p, end, key, depth);
        if (st != KAON_OK)
            return st;
    }
    return KAON_OK;
}

enum kaon_status kaon_onnx_scan(const ProtobufCMessageDescriptor *message,
                                const unsigned char *data, size_t bytes,
                                const struct kaon_limits *limits, struct kaon_arena *arena,
                                const unsigned char **out, size_t *out_bytes, struct kaon_msg *msg)
{
    struct scan s = { .data = data, .limits = limits, .arena = arena, .msg = msg };
    enum kaon_status st = scan_message(&s, message, data, data + bytes, 0);
    if (st != KAON_OK)
        return st;
    unsigned char *copy = kaon_arena_push(arena, s.n_out);
    if (!copy)
        return kaon_fail(msg, KAON_NO_MEMORY, "no memory to scan the file");
    const size_t whole = s.n_out;
    s.out = copy;
    s.n_out = 0;
    st = scan_message(&s, message, data, data + bytes, 0);
    *out = copy;
    *out_bytes = whole;
    return st;
}
