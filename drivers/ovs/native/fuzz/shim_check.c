/* The promises of contiv_ovs.h, checked under the sanitizers: buffers are of the exact size, so a byte too many is caught. */
#include "../contiv_ovs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(condition) check((condition), #condition, __LINE__)

static void
check(int holds, const char *what, int line)
{
    if (!holds) {
        fprintf(stderr, "shim_check.c:%d: not so: %s\n", line, what);
        exit(1);
    }
}

static int64_t
encode(const char *text, uint8_t *out, uint64_t capacity, uint32_t where[2], char *error, uint64_t error_capacity)
{
    return contiv_ovs_encode_lines(text, strlen(text), 1, 5, out, capacity, where, error, error_capacity);
}

static void
check_encoding(void)
{
    static const char TEXT[] = "flow add table=1,priority=5,tcp,tp_dst=80,actions=drop\nflow delete cookie=0x1/-1,table=3";
    uint32_t where[2];
    char error[8];
    int64_t length = encode(TEXT, NULL, 0, where, error, sizeof error);
    CHECK(length > 0 && where[0] == 2);
    uint8_t *out = malloc((size_t) length);
    CHECK(encode(TEXT, out, (uint64_t) length, where, error, sizeof error) == length);
    CHECK(out[0] == 6 && out[1] == 34 && out[7] == 1);
    out[0] = 0;
    CHECK(encode(TEXT, out, (uint64_t) length - 1, where, error, sizeof error) == length && out[0] == 0);
    free(out);
    CHECK(encode("", NULL, 0, where, error, sizeof error) == 0 && where[0] == 0);
}

static void
check_refusal(const char *text, uint32_t line)
{
    uint32_t where[2];
    char *error = malloc(6);
    CHECK(encode(text, NULL, 0, where, error, 6) == CONTIV_OVS_REFUSED);
    CHECK(where[0] == 0 && where[1] == line && strlen(error) == 5);
    free(error);
    CHECK(encode(text, NULL, 0, where, NULL, 0) == CONTIV_OVS_REFUSED);
}

/* As `encode`, outside a bundle. */
static int64_t
encode_plain(const char *text, uint8_t *out, uint64_t capacity)
{
    uint32_t where[2];
    return contiv_ovs_encode_lines(text, strlen(text), 1, 0, out, capacity, where, NULL, 0);
}

static void
check_kinds(void)
{
    static const struct {
        const char *text;
        uint8_t type;
    } LINES[] = {
        { "group add_or_mod group_id=7,type=select,bucket=bucket_id:5,weight:3,actions=ct(commit,nat(dst=10.0.0.1:80))", 15 },
        { "group add group_id=7,type=all,bucket=set_field:10.0.0.1->tun_dst,output:1,bucket=drop", 15 },
        { "group modify group_id=7,type=indirect,bucket=drop", 15 },
        { "group delete group_id=7", 15 },
        { "packet-out in_port=LOCAL,packet=00010203040506070809101112130800,actions=table", 13 },
        { "meter add meter=7,kbps,burst,band=type=drop,rate=1000,burst_size=200", 29 },
        { "meter modify meter=7,pktps,stats,band=type=dscp_remark,rate=1000,prec_level=1", 29 },
        { "meter delete meter=7", 29 },
    };
    for (size_t i = 0; i < sizeof LINES / sizeof LINES[0]; i++) {
        int64_t length = encode_plain(LINES[i].text, NULL, 0);
        CHECK(length > 8);
        uint8_t *out = malloc((size_t) length);
        CHECK(encode_plain(LINES[i].text, out, (uint64_t) length) == length);
        CHECK(out[0] == 6 && out[1] == LINES[i].type && out[7] == 1);
        free(out);
    }
}

static void
check_large_groups(void)
{
    enum { BYTES = 2000000 };
    static const char BUCKET[] = ",bucket=actions=set_field:10.0.0.1->tun_dst,output:1";
    char *line = malloc(BYTES + sizeof BUCKET);
    for (size_t size = 1000; size <= BYTES; size *= 4) {
        strcpy(line, "group add group_id=7,type=all");
        size_t length = strlen(line);
        while (length < size) {
            strcpy(line + length, BUCKET);
            length += sizeof BUCKET - 1;
        }
        int64_t encoded = encode_plain(line, NULL, 0);
        CHECK(size <= 16000 ? encoded > 0 && encoded <= UINT16_MAX : encoded > 0 || encoded == CONTIV_OVS_REFUSED);
        CHECK(encoded <= UINT16_MAX);
    }
    free(line);
}

static void
check_long_lines(void)
{
    enum { BYTES = 70000 };
    char *line = malloc(BYTES + 1);
    for (int nested = 0; nested <= 1; nested++) {
        for (size_t size = 1000; size <= BYTES; size *= 2) {
            uint32_t where[2];
            memset(line, '\0', BYTES + 1);
            strcpy(line, nested ? "flow add actions=clone(1" : "flow add actions=1");
            while (strlen(line) + 4 < size) {
                strcat(line + strlen(line), ",1,1");
            }
            strcat(line, nested ? ")" : "");
            CHECK(encode(line, NULL, 0, where, NULL, 0) != 0);
        }
    }
    free(line);
}

static void
check_decoding(void)
{
    uint8_t barrier[8];
    char text[64];
    CHECK(contiv_ovs_encode_barrier(9, barrier, sizeof barrier) == 8);
    int64_t length = contiv_ovs_decode(barrier, sizeof barrier, 0, text, sizeof text);
    CHECK(length > 0 && !strncmp(text, "{\"type\":\"OFPT_BARRIER_REQUEST\",\"xid\":9}", (size_t) length));
    CHECK(contiv_ovs_decode(barrier, 7, 0, text, sizeof text) > 0 && !strncmp(text, "{\"type\":\"INVALID\"", 17));
    CHECK(contiv_ovs_decode(NULL, 0, 0, NULL, 0) > 0);
    CHECK(contiv_ovs_format(barrier, 7, text, sizeof text) == CONTIV_OVS_INVALID);
    CHECK(contiv_ovs_encode_bundle_control(1, 1, 99, barrier, sizeof barrier) == CONTIV_OVS_INVALID);
    for (uint32_t what = CONTIV_OVS_GROUPS; what <= CONTIV_OVS_PORT_STATISTICS; what++) {
        CHECK(contiv_ovs_encode_dump(1, what, NULL, 0) >= 16);
    }
    CHECK(contiv_ovs_encode_dump(1, 0, NULL, 0) == CONTIV_OVS_INVALID);
    CHECK(contiv_ovs_encode_flow_dump(1, 0xc047, 0xffff, NULL, 0) > 8);
    CHECK(contiv_ovs_version(text, sizeof text) > 0 && contiv_ovs_abi() == CONTIV_OVS_ABI);
}

int
main(void)
{
    check_encoding();
    check_refusal("flow add table=1,nw_sauce=1,actions=drop", 0);
    check_refusal("flow add actions=drop\nflow add ip,tp_dst=5,actions=drop", 1);
    check_refusal("flow add actions=drop\n\nflow add actions=drop", 1);
    check_refusal("group add group_id=1", 0);
    check_refusal("group ", 0);
    check_refusal("group delete", 0);
    check_refusal("group add group_id=1,type=ff,bucket=watch_port:1,output:1", 0);
    check_refusal("group add group_id=1,type=all,bucket=bucket_id:1,drop,bucket=bucket_id:1,drop", 0);
    check_refusal("meter add meter=1,kbps,band=type=drop,rate=1", 0);
    check_refusal("packet-out in_port=1,packet=00,packet=00,actions=drop", 0);
    CHECK(encode_plain("meter add meter=1,kbps,band=type=drop", NULL, 0) == CONTIV_OVS_REFUSED);
    check_refusal("flow add actions=drop # comment", 0);
    check_refusal("flow replace actions=drop", 0);
    check_kinds();
    check_large_groups();
    check_long_lines();
    check_decoding();
    puts("ok");
    return 0;
}
