import { local } from "@pulumi/command";
import { Networks } from "@pulumi/swarmnet";

// In place of what makes your machines: anything that has their addresses among its outputs.
const m1 = new local.Command("m1", { create: "echo 192.0.2.11" });
const w1 = new local.Command("w1", { create: "echo 192.0.2.12" });

const networks = new Networks("networks", {
    ssh: { user: "root" },
    hosts: { m1: { address: m1.stdout, role: "manager" }, w1: { address: w1.stdout } },
    swarm: {},
    gwbridge: { subnet: "10.230.0.0/20" },
    ingress: { subnet: "10.233.0.0/20" },
    overlays: { app: { subnet: "10.234.0.0/24" } },
});
export const { compose, swarmnet } = networks; // for Compose files, and for programs that deploy apps
