// ublk-info features: the driver's feature bits, in hexadecimal.
// ublk-info device N: what the driver says of device N: "state=.. pid=.. flags=.. cookie=.. queues=.. depth=..".
// ublk-info delete N: stops and deletes device N.
#include "control.h"

static int device(struct control *control, uint32_t id)
{
    struct cu_dev_info info = {0};
    struct cu_ctrl_cmd command = {.dev_id = id, .addr = (uintptr_t)&info, .len = sizeof info};
    int result = control_do(control, CU_CTRL_GET_DEV_INFO, command);
    if (result == -ENODEV) {
        printf("absent\n");
        return 4;
    }
    if (result < 0)
        give_up(result, "GET_DEV_INFO");
    const char *state[] = {"DEAD", "LIVE", "QUIESCED", "FAIL_IO"};
    printf("state=%s pid=%d flags=0x%llx cookie=0x%llx queues=%u depth=%u\n",
           info.state < 4 ? state[info.state] : "?", info.ublksrv_pid, (unsigned long long)info.flags,
           (unsigned long long)info.ublksrv_flags, info.nr_hw_queues, info.queue_depth);
    return 0;
}

int main(int argc, char **argv)
{
    struct control control;
    if (argc < 2)
        errx(2, "ublk-info features | device N | delete N");
    control_open(&control);
    if (!strcmp(argv[1], "features")) {
        uint64_t features = 0;
        struct cu_ctrl_cmd command = {.addr = (uintptr_t)&features, .len = 8};
        control_must(&control, CU_CTRL_GET_FEATURES, command, "GET_FEATURES");
        printf("0x%llx\n", (unsigned long long)features);
        return 0;
    }
    if (argc < 3)
        errx(2, "which device?");
    uint32_t id = (uint32_t)strtoul(argv[2], NULL, 10);
    if (!strcmp(argv[1], "device"))
        return device(&control, id);
    if (!strcmp(argv[1], "delete")) {
        control_must(&control, CU_CTRL_STOP_DEV, (struct cu_ctrl_cmd){.dev_id = id}, "STOP_DEV");
        control_must(&control, CU_CTRL_DEL_DEV, (struct cu_ctrl_cmd){.dev_id = id}, "DEL_DEV");
        return 0;
    }
    errx(2, "unknown: %s", argv[1]);
}
