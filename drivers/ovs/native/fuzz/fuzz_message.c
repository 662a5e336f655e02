/* Any bytes as a message: once as they are, once with a header that claims the right version and length, which gets further. */
#include "../contiv_ovs.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
decode(const uint8_t *message, size_t size)
{
    static char text[1 << 22];
    for (uint32_t flags = 0; flags <= CONTIV_OVS_DETAIL; flags++) {
        int64_t length = contiv_ovs_decode(message, size, flags, text, sizeof text);
        if (length <= 0 || text[0] != '{' || ((size_t) length <= sizeof text && text[length - 1] != '}')) {
            abort();
        }
    }
    contiv_ovs_format(message, size, text, sizeof text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    decode(data, size);
    if (size < 8 || size > UINT16_MAX) {
        return 0;
    }
    uint8_t *message = malloc(size);
    memcpy(message, data, size);
    message[0] = 6;
    message[2] = (uint8_t) (size >> 8);
    message[3] = (uint8_t) size;
    decode(message, size);
    free(message);
    return 0;
}
