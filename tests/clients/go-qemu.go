// SPDX-License-Identifier: GPL-2.0-or-later
//
// The public library go-qemu drives a machine: its monitor, its typed commands, its
// domain with events.  Argument: the path of vmd's socket.  Prints TAP.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/digitalocean/go-qemu/qemu"
	"github.com/digitalocean/go-qemu/qmp"
	"github.com/digitalocean/go-qemu/qmp/raw"
)

const timeout = 20 * time.Second

type client struct {
	monitor *qmp.SocketMonitor
	raw     *raw.Monitor
	domain  *qemu.Domain
	events  chan qmp.Event
}

type arguments map[string]interface{}

func (c *client) run(command string, args arguments) (json.RawMessage, error) {
	text, err := c.domain.Run(qmp.Command{Execute: command, Args: args})
	if err != nil {
		return nil, err
	}
	var reply struct{ Return json.RawMessage }
	return reply.Return, json.Unmarshal(text, &reply)
}

// Waits for events of these names, in this order and with none between them.
func (c *client) expect(names ...string) error {
	for _, name := range names {
		select {
		case event := <-c.events:
			if event.Event != name {
				return fmt.Errorf("event %s, not %s", event.Event, name)
			}
		case <-time.After(timeout):
			return fmt.Errorf("no event %s", name)
		}
	}
	return nil
}

func same(what string, have, want interface{}) error {
	if have != want {
		return fmt.Errorf("%s is %v, not %v", what, have, want)
	}
	return nil
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func testGreeting(c *client) error {
	version, err := c.domain.Version()
	name, err2 := c.domain.PackageVersion()
	commands, err3 := c.domain.Commands()
	supported, err4 := c.domain.Supported("device_add")
	if err := first(err, err2, err3, err4); err != nil {
		return err
	}
	return first(same("version", version, "7.2.0"),
		same("vmd's name", strings.HasPrefix(name, "vmd "), true),
		same("many commands", len(commands) > 50, true),
		same("device_add", supported, true),
		same("major number", c.monitor.Version.QEMU.Major, 7),
		same("capability", c.monitor.Capabilities[0], "oob"))
}

func testBuild(c *client) error {
	requests := []qmp.Command{
		{Execute: "object-add", Args: arguments{"qom-type": "qtest-accel"}},
		{Execute: "object-add", Args: arguments{"qom-type": "memory-backend-ram", "id": "ram",
			"size": 16 << 20}},
		{Execute: "object-add", Args: arguments{"qom-type": "pc-i440fx-7.2-machine",
			"memory-backend": "ram"}},
		{Execute: "device_add", Args: arguments{"driver": "qemu64-x86_64-cpu"}},
		{Execute: "blockdev-add", Args: arguments{"driver": "null-co", "node-name": "node"}},
		{Execute: "device_add", Args: arguments{"driver": "virtio-blk-pci", "id": "disk",
			"drive": "node"}},
	}
	for _, request := range requests {
		if _, err := c.domain.Run(request); err != nil {
			return fmt.Errorf("%s: %v", request.Execute, err)
		}
	}
	status, err := c.domain.Status()
	return first(err, same("status", status, qemu.StatusPreLaunch))
}

func testContStop(c *client) error {
	if err := first(c.raw.Cont(), c.expect("RESUME")); err != nil {
		return err
	}
	status, err := c.raw.QueryStatus()
	return first(err, same("running", status.Running, true), c.raw.Stop(), c.expect("STOP"),
		c.raw.Cont(), c.expect("RESUME"), c.domain.SystemReset(), c.expect("RESET"),
		c.domain.SystemPowerdown(), c.expect("POWERDOWN"))
}

func testDevices(c *client) error {
	_, err := c.run("device_add", arguments{"driver": "virtio-rng-pci", "id": "rng"})
	devices, err2 := c.domain.PCIDevices()
	disks, err3 := c.domain.BlockDevices()
	stats, err4 := c.domain.BlockStats()
	if err := first(err, err2, err3, err4); err != nil {
		return err
	}
	found := false
	for _, device := range devices {
		found = found || device.QdevID == "rng" && device.ID.Vendor == 0x1af4
	}
	return first(same("the new device", found, true), same("disks", len(disks), 1),
		same("size", disks[0].Inserted.Image.VirtualSize, uint64(1<<30)),
		same("statistics", len(stats), 1), same("reads", stats[0].ReadOperations, 0),
		c.raw.DeviceDel("rng"), c.domain.SystemReset(), c.expect("RESET", "DEVICE_DELETED", "DEVICE_DELETED"))
}

func testTyped(c *client) error {
	backends, err := c.raw.QueryChardev()
	kvm, err2 := c.raw.QueryKVM()
	target, err3 := c.raw.QueryTarget()
	machines, err4 := c.raw.QueryMachines()
	types, err5 := c.raw.QomListTypes(nil, nil)
	value, err6 := c.raw.QomGet("/objects/ram", "size")
	nodes, err7 := c.raw.QueryNamedBlockNodes()
	mice, err8 := c.raw.QueryMice()
	if err := first(err, err2, err3, err4, err5, err6, err7, err8); err != nil {
		return err
	}
	return first(same("chardevs", len(backends), 0), same("KVM", kvm.Enabled, false),
		same("target", target.Arch, "x86_64"),
		same("machines", len(machines) >= 4, true), same("types", len(types) > 80, true),
		same("memory", value, float64(16<<20)), same("nodes", len(nodes), 1),
		same("mice", len(mice), 1))
}

func testDescriptor(c *client) error {
	null, err := os.Open("/dev/null")
	if err != nil {
		return err
	}
	defer null.Close()
	_, err = c.monitor.RunWithFile([]byte(`{"execute":"getfd","arguments":{"fdname":"null"}}`), null)
	_, err2 := c.run("closefd", arguments{"fdname": "null"})
	return first(err, err2)
}

func testErrors(c *client) error {
	err := c.raw.DeviceDel("nothing")
	if err == nil || !strings.Contains(err.Error(), "'nothing' not found") {
		return fmt.Errorf("not the error that it should be: %v", err)
	}
	_, err = c.domain.BlockDevice("nothing")
	if !errors.Is(err, qemu.ErrBlockDeviceNotFound) {
		return fmt.Errorf("not the error that it should be: %v", err)
	}
	return nil
}

func testQuit(c *client) error {
	_, err := c.run("quit", arguments{})
	return first(err, c.expect("SHUTDOWN"))
}

// Waits until somebody listens.
func dial(path string) (monitor *qmp.SocketMonitor, err error) {
	for end := time.Now().Add(timeout); time.Now().Before(end); time.Sleep(timeout / 2000) {
		if monitor, err = qmp.NewSocketMonitor("unix", path, timeout); err == nil {
			break
		}
	}
	return monitor, err
}

func connect(path string) (*client, error) {
	monitor, err := dial(path)
	if err != nil {
		return nil, err
	}
	if err = monitor.Connect(); err != nil {
		return nil, err
	}
	domain, err := qemu.NewDomain(monitor, "test")
	if err != nil {
		return nil, err
	}
	events, _, err := domain.Events()
	return &client{monitor, raw.NewMonitor(monitor), domain, events}, err
}

func main() {
	tests := []struct {
		name string
		test func(*client) error
	}{
		{"it connects, and reads version and commands", testGreeting},
		{"it builds a machine", testBuild},
		{"cont, stop, reset and power button, with their events", testContStop},
		{"a device comes and goes", testDevices},
		{"typed commands", testTyped},
		{"a descriptor goes along with a request", testDescriptor},
		{"errors are the library's own", testErrors},
		{"quit", testQuit},
	}
	c, err := connect(os.Args[1])
	if err != nil {
		fmt.Println("Bail out!", err)
		return
	}
	fmt.Printf("1..%d\n", len(tests))
	for i, t := range tests {
		word := "ok"
		if err := t.test(c); err != nil {
			fmt.Println("#", err)
			word = "not ok"
		}
		fmt.Println(word, i+1, "-", t.name)
	}
}
