#include "tools/io/npy.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/cli/fail.h"

/* type and size as .npy spells them */
static const struct {
    char kind;
    char bytes;
    enum kaon_type type;
} types[] = {
    { 'f', 2, KAON_F16 },    { 'f', 4, KAON_F32 },        { 'f', 8, KAON_F64 },
    { 'i', 1, KAON_I8 },     { 'i', 2, KAON_I16 },        { 'i', 4, KAON_I32 },
    { 'i', 8, KAON_I64 },    { 'u', 1, KAON_U8 },         { 'u', 2, KAON_U16 },
    { 'u', 4, KAON_U32 },    { 'u', 8, KAON_U64 },        { 'b', 1, KAON_BOOL },
    { 'V', 2, KAON_BF16 },   { 'V', 1, KAON_F8E4M3FN },   { 'V', 1, KAON_F8E4M3FNUZ },
    { 'V', 1, KAON_F8E5M2 }, { 'V', 1, KAON_F8E5M2FNUZ }, { 'V', 1, KAON_U4 },
    { 'V', 1, KAON_I4 },     { 'V', 1, KAON_F4E2M1 },     { 'V', 1, KAON_F8E8M0 },
    { 'V', 1, KAON_U2 },     { 'V', 1, KAON_I2 },
};
enum { N_TYPES = sizeof types / sizeof *types, HEADER_LIMIT = 65536 };

static const char magic[6] = { '\x93', 'N', 'U', 'M', 'P', 'Y' };

/* ---- the header: a Python dictionary with three known keys --------------------------------- */

struct header {
    char descr[16];
    bool fortran;
    int32_t rank;
    int64_t dims[KAON_MAX_RANK];
};

/* Text that is being read; every step checks against `end`. */
struct text {
    const char *at, *end;
};

static void skip_space(struct text *t)
{
    while (t->at < t->end && strchr(" \t\r\n", *t->at) && *t->at)
        t->at++;
}

static bool take(struct text *t, char c)
{
    skip_space(t);
    if (t->at >= t->end || *t->at != c)
        return false;
    t->at++;
    return true;
}

static bool take_word(struct text *t, const char *word)
{
    const size_t n = strlen(word);
    skip_space(t);
    if ((size_t)(t->end - t->at) < n || memcmp(t->at, word, n))
        return false;
    t->at += n;
    return true;
}

static bool take_string(struct text *t, char *to, size_t room)
{
    skip_space(t);
    if (t->at >= t->end || (*t->at != '\'' && *t->at != '"'))
        return false;
    const char quote = *t->at++;
    const char *close = memchr(t->at, quote, (size_t)(t->end - t->at));
    if (!close || (size_t)(close - t->at) >= room)
        return false;
    memcpy(to, t->at, (size_t)(close - t->at));
    to[close - t->at] = 0;
    t->at = close + 1;
    return true;
}

static bool take_length(struct text *t, int64_t *value)
{
    int64_t v = 0;
    skip_space(t);
    if (t->at >= t->end || *t->at < '0' || *t->at > '9')
        return false;
    for (; t->at < t->end && *t->at >= '0' && *t->at <= '9'; t->at++)
        if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, *t->at - '0', &v))
            return false;
    if (t->at < t->end && *t->at == 'L') /* Python 2 wrote long integers so */
        t->at++;
    *value = v;
    return true;
}

static bool take_shape(struct text *t, struct header *h)
{
    if (!take(t, '('))
        return false;
    h->rank = 0;
    while (!take(t, ')')) {
        if (h->rank == KAON_MAX_RANK || !take_length(t, &h->dims[h->rank]))
            return false;
        h->rank++;
        if (!take(t, ','))
            return h->rank > 1 && take(t, ')'); /* "(3)" is a number in Python, "(3,)" a shape */
    }
    return true;
}

static bool take_order(struct text *t, struct header *h)
{
    h->fortran = take_word(t, "True");
    return h->fortran || take_word(t, "False");
}

/* The value of a key; *seen gets a bit per key. */
static bool take_value(struct text *t, const char *key, struct header *h, unsigned *seen)
{
    const unsigned bit = !strcmp(key, "descr")           ? 1
                         : !strcmp(key, "fortran_order") ? 2
                         : !strcmp(key, "shape")         ? 4
                                                         : 0;
    if (!bit || (*seen & bit))
        return false;
    *seen |= bit;
    return bit == 1   ? take_string(t, h->descr, sizeof h->descr)
           : bit == 2 ? take_order(t, h)
                      : take_shape(t, h);
}

static bool parse_header(struct text t, struct header *h)
{
    char key[16];
    unsigned seen = 0;
    if (!take(&t, '{'))
        return false;
    while (!take(&t, '}')) {
        if (!take_string(&t, key, sizeof key) || !take(&t, ':') || !take_value(&t, key, h, &seen))
            return false;
        if (!take(&t, ',')) {
            if (!take(&t, '}'))
                return false;
            break;
        }
    }
    skip_space(&t);
    return seen == 7 && t.at == t.end;
}

/* ---- the data ------------------------------------------------------------------------------- */

static enum kaon_type type_of(const char *descr, bool *swap)
{
    *swap = descr[0] == '>';
    if (strlen(descr) != 3 || !strchr("<>|=", descr[0]))
        return KAON_UNDEFINED;
    for (size_t i = 0; i < N_TYPES; i++)
        if (types[i].kind != 'V' && types[i].kind == descr[1] && types[i].bytes == descr[2] - '0')
            return types[i].type;
    return KAON_UNDEFINED;
}

static void swap_bytes(unsigned char *data, size_t count, size_t size)
{
    for (size_t i = 0; i < count; i++, data += size)
        for (size_t j = 0; j < size / 2; j++) {
            const unsigned char c = data[j];
            data[j] = data[size - 1 - j];
            data[size - 1 - j] = c;
        }
}

/* Column-major elements at `from` in row-major order to `to`: walks `to` in order and keeps the
 * place in `from` by its strides. */
static void to_row_major(unsigned char *to, const unsigned char *from,
                         const struct kaon_npy_header *h, size_t count, size_t size)
{
    size_t stride[KAON_MAX_RANK], place = 0;
    int64_t index[KAON_MAX_RANK] = { 0 };

    for (int32_t d = 0; d < h->rank; d++)
        stride[d] = d ? stride[d - 1] * (size_t)h->dims[d - 1] : 1;
    for (size_t i = 0; i < count; i++, to += size) {
        memcpy(to, from + place * size, size);
        for (int32_t d = h->rank - 1; d >= 0; d--) {
            place += stride[d];
            if (++index[d] < h->dims[d])
                break;
            place -= stride[d] * (size_t)h->dims[d];
            index[d] = 0;
        }
    }
}

static void copy_elements(struct kaon_tensor *tensor, const struct kaon_npy_header *h,
                          const void *from, size_t count)
{
    const size_t size = kaon_type_bytes(tensor->type);
    unsigned char *to = tensor->data;

    if (h->fortran && h->rank > 1)
        to_row_major(to, from, h, count, size);
    else if (count)
        memcpy(to, from, count * size);
    if (h->big_endian)
        swap_bytes(to, count, size);
    if (tensor->type == KAON_BOOL)
        for (size_t i = 0; i < count; i++)
            to[i] = to[i] != 0;
}

/* Elements of the shape; false if their bytes do not fit a size. */
static bool shape_count(const struct header *h, size_t size, size_t *count)
{
    size_t n = 1, bytes;
    bool empty = false;
    for (int32_t d = 0; d < h->rank; d++)
        empty = empty || h->dims[d] == 0;
    for (int32_t d = 0; d < h->rank && !empty; d++)
        if (__builtin_mul_overflow(n, (uint64_t)h->dims[d], &n))
            return false;
    *count = empty ? 0 : n;
    return !__builtin_mul_overflow(*count, size, &bytes) && bytes <= PTRDIFF_MAX;
}

/* Type and size of what the header describes. */
static enum kaon_status describe(struct kaon_npy_header *to, const struct header *h,
                                 const char *name, struct kaon_msg *msg)
{
    size_t count;
    to->type = type_of(h->descr, &to->big_endian);
    if (to->type == KAON_UNDEFINED)
        return kaon_cli_fail(msg, KAON_BAD_INPUT,
                             "%s: elements of type \"%s\" are not read; f2, f4, f8, i1 to i8, u1 "
                             "to u8 and b1 are",
                             name, h->descr);
    const size_t size = kaon_type_bytes(to->type);
    if (!shape_count(h, size, &count))
        return kaon_cli_fail(msg, KAON_BAD_INPUT, "%s: the shape is too large", name);
    to->fortran = h->fortran;
    to->rank = h->rank;
    memcpy(to->dims, h->dims, sizeof to->dims);
    to->bytes = count * size;
    return KAON_OK;
}

enum kaon_status kaon_npy_header(struct kaon_npy_header *header, const void *data, size_t bytes,
                                 const char *name, struct kaon_msg *msg)
{
    const unsigned char *u = data;
    struct header h = { .rank = 0 };

    *header = (struct kaon_npy_header){ .rank = 0 };
    if (bytes < 10 || memcmp(data, magic, sizeof magic))
        return kaon_cli_fail(msg, KAON_BAD_INPUT, "%s: not a .npy file", name);
    if (u[6] < 1 || u[6] > 3)
        return kaon_cli_fail(msg, KAON_BAD_INPUT, "%s: .npy version %d; 1 to 3 are read", name,
                             u[6]);
    const size_t before = u[6] == 1 ? 10 : 12;
    size_t length = u[8] | (size_t)u[9] << 8;
    if (u[6] > 1 && bytes >= before)
        length |= (size_t)u[10] << 16 | (size_t)u[11] << 24;
    if (bytes < before || length > bytes - before || length > HEADER_LIMIT)
        return kaon_cli_fail(msg, KAON_BAD_INPUT, "%s: the .npy header is cut off or too long",
                             name);
    const char *text = (const char *)data + before;
    if (!parse_header((struct text){ text, text + length }, &h))
        return kaon_cli_fail(msg, KAON_BAD_INPUT,
                             "%s: the .npy header is not a plain array of at most %d axes", name,
                             KAON_MAX_RANK);
    header->before = before + length;
    return describe(header, &h, name, msg);
}

enum kaon_status kaon_npy_decode(struct kaon_tensor *tensor, const void *data, size_t bytes,
                                 const char *name, struct kaon_msg *msg)
{
    struct kaon_npy_header h;
    *tensor = (struct kaon_tensor){ 0 };
    const enum kaon_status status = kaon_npy_header(&h, data, bytes, name, msg);
    if (status)
        return status;
    if (bytes - h.before != h.bytes)
        return kaon_cli_fail(msg, KAON_BAD_INPUT,
                             "%s: the shape needs %zu bytes of data, there are %zu", name, h.bytes,
                             bytes - h.before);
    *tensor = (struct kaon_tensor){ .type = h.type, .rank = h.rank, .bytes = h.bytes };
    memcpy(tensor->dims, h.dims, sizeof tensor->dims);
    tensor->data = malloc(h.bytes ? h.bytes : 1);
    if (!tensor->data)
        return kaon_cli_fail(msg, KAON_NO_MEMORY, "%s: no memory for %zu bytes", name, h.bytes);
    copy_elements(tensor, &h, (const char *)data + h.before, h.bytes / kaon_type_bytes(h.type));
    return KAON_OK;
}

/* ---- files ---------------------------------------------------------------------------------- */

/* Reads exactly `bytes` bytes; 0 or an errno value (EIO if the file has become shorter). */
static int read_all(int fd, char *to, size_t bytes)
{
    while (bytes > 0) {
        const ssize_t n = read(fd, to, bytes);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? errno : EIO;
        to += n;
        bytes -= (size_t)n;
    }
    return 0;
}

static enum kaon_status read_open_file(struct kaon_tensor *tensor, int fd, const char *path,
                                       struct kaon_msg *msg)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return kaon_cli_fail_errno(msg, path, errno);
    if (!S_ISREG(st.st_mode))
        return kaon_cli_fail(msg, KAON_BAD_INPUT, "%s: not a regular file", path);
    const size_t bytes = (size_t)st.st_size;
    char *data = malloc(bytes ? bytes : 1);
    if (!data)
        return kaon_cli_fail(msg, KAON_NO_MEMORY, "%s: no memory for %zu bytes", path, bytes);
    const int error = read_all(fd, data, bytes);
    const enum kaon_status result = error ? kaon_cli_fail_errno(msg, path, error)
                                          : kaon_npy_decode(tensor, data, bytes, path, msg);
    free(data);
    return result;
}

enum kaon_status kaon_npy_read(struct kaon_tensor *tensor, const char *path, struct kaon_msg *msg)
{
    *tensor = (struct kaon_tensor){ 0 };
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return kaon_cli_fail_errno(msg, path, errno);
    const enum kaon_status st = read_open_file(tensor, fd, path, msg);
    close(fd);
    return st;
}

enum kaon_status kaon_npy_write(FILE *file, const struct kaon_tensor *tensor, struct kaon_msg *msg)
{
    char header[512];
    size_t i = 0;
    int n;

    while (i < N_TYPES && types[i].type != tensor->type)
        i++;
    if (i == N_TYPES)
        return kaon_cli_fail(msg, KAON_BAD_ARGUMENT, "a value of type %s has no .npy form",
                             kaon_type_name(tensor->type));
    n = snprintf(header, sizeof header, "{'descr': '%c%c%d', 'fortran_order': False, 'shape': (",
                 types[i].bytes == 1 ? '|' : '<', types[i].kind, types[i].bytes);
    for (int32_t d = 0; d < tensor->rank; d++)
        n += snprintf(header + n, sizeof header - (size_t)n, "%" PRId64 "%s", tensor->dims[d],
                      tensor->rank == 1      ? ","
                      : d + 1 < tensor->rank ? ", "
                                             : "");
    n += snprintf(header + n, sizeof header - (size_t)n, "), }");
    while ((10 + n + 1) % 64) /* the data begins at a multiple of 64 bytes */
        header[n++] = ' ';
    header[n++] = '\n';

    const unsigned char start[4] = { 1, 0, (unsigned char)n, (unsigned char)(n >> 8) };
    const size_t count = (size_t)kaon_tensor_count(tensor);
    fwrite(magic, 1, sizeof magic, file);
    fwrite(start, 1, sizeof start, file);
    fwrite(header, 1, (size_t)n, file);
    if (count)
        fwrite(tensor->data, (size_t)types[i].bytes, count, file);
    if (ferror(file))
        return kaon_cli_fail(msg, KAON_IO, "the .npy file cannot be written: %s", strerror(errno));
    return KAON_OK;
}
