/* Any bytes as lines: what is accepted must be whole messages, one a line, that can be decoded and said again. */
#include "../contiv_ovs.h"

#include <stddef.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEADER_BYTES = 8 };

static void
require(int holds)
{
    if (!holds) {
        abort();
    }
}

/* Returns the number of messages. */
static uint32_t
decode_all(const uint8_t *bytes, size_t size)
{
    static char text[1 << 20];
    uint32_t messages = 0;
    for (size_t at = 0; at < size; messages++) {
        require(size - at >= HEADER_BYTES);
        size_t length = (size_t) bytes[at + 2] << 8 | bytes[at + 3];
        require(length >= HEADER_BYTES && length <= size - at);
        require(contiv_ovs_decode(bytes + at, length, CONTIV_OVS_DETAIL, text, sizeof text) > 0);
        require(contiv_ovs_format(bytes + at, length, text, sizeof text) > 0);
        at += length;
    }
    return messages;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t out[1 << 20];
    for (uint32_t bundle = 0; bundle <= 1; bundle++) {
        char error[512];
        uint32_t where[2];
        int64_t length = contiv_ovs_encode_lines((const char *) data, size, 7, bundle, out, sizeof out, where, error, sizeof error);
        require(length >= CONTIV_OVS_REFUSED);
        if (length > 0 && (size_t) length <= sizeof out) {
            require(decode_all(out, (size_t) length) == where[0]);
        }
    }
    return 0;
}
