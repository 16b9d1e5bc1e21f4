/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Assembly: see assembly.h.
 */
#include "config.h"

#include "daemon/assembly.h"

#include <event2/event.h>
#include <event2/thread.h>

#include "cpu/types.h"
#include "daemon/machine/build.h"
#include "daemon/machine/creation.h"
#include "daemon/machine/machine-host.h"
#include "daemon/machine/release.h"
#include "daemon/machine/shutdown.h"
#include "daemon/qapi-commands.h"
#include "daemon/service/request-log.h"
#include "daemon/types.h"
#include "hw/block/block.h"
#include "hw/block/front.h"
#include "hw/block/job.h"
#include "hw/core/irq.h"
#include "hw/net/net-announce.h"
#include "hw/types.h"
#include "kvm/types.h"
#include "qmp/error.h"
#include "qmp/qapi-events.h"
#include "qom/place.h"
#include "qom/types.h"
#include "qtest/types.h"
#include "tcg/types.h"

/* How long a guest may take to power off before the service manager loses patience. */
enum { POWERDOWN_SECONDS = 600 };

/* The least time that backends have for their release, however long other steps have taken. */
enum { RELEASE_MS = 200 };

static int vmd_run_state(void *context)
{
    const Vmd *vmd = context;

    return vmd->run.state;
}

static void vmd_lock(void *context)
{
    Vmd *vmd = context;

    fair_lock_acquire(&vmd->lock);
}

static void vmd_unlock(void *context)
{
    Vmd *vmd = context;

    fair_lock_release(&vmd->lock);
}

static void env_run(const Env *env, void (*work)(void *data), void (*done)(void *data), void *data)
{
    Vmd *vmd = env->host;

    pool_run(vmd->pool, POOL_BACKGROUND, work, done, data);
}

static QmpFd *env_take_fd(const Env *env, const char *name, GError **error)
{
    Vmd *vmd = env->host;

    return fd_table_take(vmd->fds, vmd->client, name, error);
}

static void env_lock(const Env *env)
{
    vmd_lock(env->host);
}

static bool env_locked(const Env *env)
{
    const Vmd *vmd = env->host;

    return fair_lock_mine(&vmd->lock);
}

static void env_unlock(const Env *env)
{
    vmd_unlock(env->host);
}

static bool env_defer(const Env *env, Object *obj, EnvKeep keep)
{
    return build_defer(((Vmd *)env->host)->build, obj, keep);
}

static void env_foreach_pending_device(const Env *env, Object *bus, EnvPending f, void *opaque)
{
    build_foreach_pending(((Vmd *)env->host)->build, bus, f, opaque);
}

static void vmd_begin(void *context, const QmpRequest *req)
{
    ((Vmd *)context)->client = qmp_request_client(req);
}

static void vmd_gone(void *context, guint64 client)
{
    Vmd *vmd = context;

    fd_table_forget(vmd->fds, client);
    build_gone(vmd, client);
}

static bool vmd_hold(void *context, QmpRequest *req)
{
    return build_hold(context, req);
}

static bool env_hot(const Env *env)
{
    const Machine *machine = vmd_machine(env->host);

    return machine && machine->started;
}

/* For the watchdog.  This does not take the lock: a thread that never releases it
 * is detected by its unfinished exit, or because the loop needs the lock, too. */
static bool vmd_vcpus_progress(void *opaque)
{
    const Machine *machine = vmd_machine(opaque);
    const AccelOps *ops = machine && machine->accel ? accel_ops(machine->accel) : NULL;

    return !ops || !ops->vcpus_progress || ops->vcpus_progress(machine->accel) ||
           machine_calls_held(machine);
}

static void env_refused_host(const Env *env, int error, const char *what, int fd)
{
    resources_refused(((Vmd *)env->host)->resources, error, what, fd);
}

static void vmd_refused(void *context, int error)
{
    resources_refused(((Vmd *)context)->resources, error, "QMP client", -1);
}

static void vmd_log(void *context, const QmpRequest *req, const GError *error)
{
    const Vmd *vmd = context;

    request_log(vmd->options->log_level, req, error);
    resources_note_error(vmd->resources, error, qmp_request_command(req)->name);
}

static bool env_read_file(const Env *env, const char *path, GBytes **ret, GError **error)
{
    const VmdFile *file = ((Vmd *)env->host)->file;

    if (!file || !g_str_equal(file->path, path)) {
        return true;
    }
    if (!file->bytes) {
        g_propagate_error(error, g_error_copy(file->error));
        return false;
    }
    *ret = g_bytes_ref(file->bytes);
    return true;
}

static void env_end(const Env *env)
{
    shutdown_by_host(env->host);
}

/* ---- Reports of parts ---- */

static bool resources_wait(void *opaque)
{
    return ((Vmd *)opaque)->build != NULL;
}

static void resources_changed(void *opaque)
{
    status_tell(&((Vmd *)opaque)->status);
}

static void on_run_news(void *opaque, const RunControl *run, RunNews news)
{
    Vmd *vmd = opaque;

    if (news == RUN_NEWS_STATE) {
        status_set_run_state(&vmd->status, run->state);
    } else if (news == RUN_NEWS_POWERING_DOWN) {
        notify_powering_down(vmd->notify, POWERDOWN_SECONDS);
    }
}

static void on_signal(void *opaque, const SignalSender *sender)
{
    Vmd *vmd = opaque;

    fair_lock_acquire(&vmd->lock);
    shutdown_by_signal(vmd, sender);
    fair_lock_release(&vmd->lock);
}

/* ---- Creation ---- */

static void make_folder(const char *name, void *root)
{
    object_container(root, name);
}

static void make_root(Vmd *vmd)
{
    object_register_types(qom_types);
    object_register_types(cpu_types);
    object_register_types(kvm_types);
    object_register_types(tcg_types);
    object_register_types(qtest_types);
    object_register_types(hw_types);
    object_register_types(daemon_types);
    vmd->root = object_root_new();
    vmd->env = (Env){ .base = vmd->base, .events = vmd->events, .host = vmd,
                      .policy = &vmd->policy.current, .run = env_run,
                      .take_fd = env_take_fd, .read_file = env_read_file,
                      .lock = env_lock, .unlock = env_unlock, .locked = env_locked,
                      .hot = env_hot, .end = env_end, .refused = env_refused_host,
                      .wire = irq_wire,
                      .defer = env_defer, .foreach_pending = env_foreach_pending_device };
    object_set_env(vmd->root, &vmd->env);
    fair_lock_acquire(&vmd->lock);
    place_foreach_folder("", make_folder, vmd->root);
    fair_lock_release(&vmd->lock);
}

/* Keeps libevent's messages from going to standard error instead of the journal. */
static void log_event_loop(int severity, const char *message)
{
    g_log(G_LOG_DOMAIN, severity >= EVENT_LOG_WARN ? G_LOG_LEVEL_WARNING : G_LOG_LEVEL_DEBUG,
          "libevent: %s", message);
}

static struct event_base *make_base(GError **error)
{
    struct event_base *base;

    event_set_log_callback(log_event_loop);
    evthread_use_pthreads();
    base = event_base_new();
    if (!base) {
        qmp_error_set(error, ERROR_REASON_HOST_ERROR, "cannot create the event loop");
    }
    return base;
}

static Resources *make_resources(Vmd *vmd)
{
    const ResourcesHost host = {
        .base = vmd->base, .pool = vmd->pool, .lock = &vmd->lock, .events = vmd->events,
        .wait = resources_wait, .changed = resources_changed, .opaque = vmd,
    };

    return resources_new(&host);
}

static void make_dispatch(Vmd *vmd)
{
    vmd->dispatch = (QmpDispatch){
        .commands = qmp_commands, .n_commands = qmp_n_commands, .run_state = vmd_run_state,
        .lock = vmd_lock, .unlock = vmd_unlock, .begin = vmd_begin, .gone = vmd_gone,
        .hold = vmd_hold, .log = vmd_log,
        .refused = vmd_refused, .policy = &vmd->policy.current, .context = vmd,
    };
}

/* Connects the parts that report something with those that need it. */
static void connect_parts(Vmd *vmd)
{
    vmd->sockets = (Sockets){ .server = vmd->server, .options = vmd->options };
    vmd->status = (Status){ .notify = vmd->notify, .resources = vmd->resources,
                            .root = vmd->root, .run_state = vmd->run.state };
    run_control_attach(&vmd->run, vmd->root, vmd->events, vmd->pool);
    run_control_subscribe(&vmd->run, machine_host_news, vmd);
    run_control_subscribe(&vmd->run, on_run_news, vmd);
}

/* Any thread. */
static void job_changed(const char *id, JobStatus status, void *opaque)
{
    const Vmd *vmd = opaque;
    EventJobStatusChange data = { .id = (char *)id, .status = status };

    qmp_event_job_status_change(vmd->events, &data);
}

/* Makes the parts that need resources of the host. */
static bool make_parts(Vmd *vmd, GError **error)
{
    vmd->base = make_base(error);
    vmd->pool = vmd->base ? pool_new(vmd->base, &vmd->lock, error) : NULL;
    if (!vmd->pool) {
        return false;
    }
    vmd->events = qmp_event_queue_new(vmd->base);
    vmd->jobs = job_list_new(job_changed, vmd);
    vmd->resources = vmd->events ? make_resources(vmd) : NULL;
    if (!vmd->resources) {
        qmp_error_set(error, ERROR_REASON_HOST_ERROR, "cannot create the event queue");
        return false;
    }
    vmd->signals = signals_watch(vmd->base, on_signal, vmd, error);
    return vmd->signals != NULL;
}

Vmd *assembly_make(const Options *options, GError **error)
{
    g_autoptr(Vmd) vmd = g_new0(Vmd, 1);

    vmd->options = options;
    fair_lock_init(&vmd->lock);
    run_control_init(&vmd->run);
    policy_init(&vmd->policy);
    vmd->started = g_get_real_time();
    vmd->fds = fd_table_new();
    vmd->recorder = exit_recorder_new();
    if (!make_parts(vmd, error)) {
        return NULL;
    }
    make_dispatch(vmd);
    vmd->server = qmp_server_new(vmd->base, &vmd->dispatch, vmd->events);
    vmd->notify = notify_new(vmd->base, vmd_vcpus_progress, vmd);
    make_root(vmd);
    connect_parts(vmd);
    return g_steal_pointer(&vmd);
}

/* ---- Destruction ---- */

static void pause_machine(Vmd *vmd)
{
    Machine *machine = vmd_machine(vmd);

    if (machine && vmd->run.state == RUN_STATE_RUNNING) {
        machine_pause(machine);
    }
}

/* The guest does not get the completions of these requests.  Whoever waits for the disks is told
 * that they are idle. */
static bool wait_for_disks(Vmd *vmd, gint64 deadline)
{
    Machine *machine;
    bool idle;

    fair_lock_acquire(&vmd->lock);
    run_steps_end(&vmd->run.steps);
    pause_machine(vmd);
    idle = block_fronts_wait(vmd->root, deadline);
    machine = vmd_machine(vmd);
    if (idle && machine) {
        machine_run_posted(machine);
    }
    fair_lock_release(&vmd->lock);
    return idle;
}

static void release_here(Object *obj, void *opaque)
{
    object_release(obj);
}

/* A build that waited for a creation is undone here, before its objects are dismantled. */
static bool end_creations(Vmd *vmd, gint64 deadline)
{
    fair_lock_acquire(&vmd->lock);
    creation_end_all(vmd);
    fair_lock_release(&vmd->lock);
    return pool_finish(vmd->pool, deadline);
}

/* The guest stops first.  Objects of clients may be on file systems that do not answer. */
static bool stop_objects(Vmd *vmd, gint64 deadline)
{
    Machine *machine;

    fair_lock_acquire(&vmd->lock);
    machine = vmd_machine(vmd);
    if (machine) {
        object_stop(&machine->object, release_here, NULL);
    }
    release_objects(vmd->root, vmd->pool);
    fair_lock_release(&vmd->lock);
    deadline = MAX(deadline, g_get_monotonic_time() + RELEASE_MS * G_TIME_SPAN_MILLISECOND);
    return pool_finish(vmd->pool, deadline);
}

static void cancel_jobs(Vmd *vmd)
{
    fair_lock_acquire(&vmd->lock);
    job_cancel_all(vmd->jobs);
    fair_lock_release(&vmd->lock);
}

bool assembly_end(Vmd *vmd, gint64 deadline)
{
    bool idle, answered;

    before_ready_free(g_steal_pointer(&vmd->before_ready), deadline);
    cancel_jobs(vmd);
    idle = wait_for_disks(vmd, deadline);
    answered = pool_stop(vmd->pool, deadline);
    if (idle) {
        answered &= end_creations(vmd, deadline);
        answered &= stop_objects(vmd, deadline);
    }
    if (!idle || !answered) {
        g_warning("the daemon exits although the host has not answered a request");
    }
    return idle && answered;
}

/* The reverse of building: the guest is stopped first, the chardevs are destroyed last. */
static void destroy_tree(Vmd *vmd)
{
    Machine *machine = vmd_machine(vmd);

    fair_lock_acquire(&vmd->lock);
    pause_machine(vmd);
    if (machine) {
        object_destroy(&machine->object);
    }
    object_destroy(vmd->root);
    object_unref(vmd->root);
    fair_lock_release(&vmd->lock);
}

void assembly_free(Vmd *vmd)
{
    if (!vmd) {
        return;
    }
    before_ready_free(vmd->before_ready, 0);
    g_clear_pointer(&vmd->signals, signals_free);
    g_clear_pointer(&vmd->pool, pool_free);
    if (vmd->root) {
        destroy_tree(vmd);
    }
    build_end(vmd);
    g_clear_pointer(&vmd->announcer, net_announcer_free);
    g_clear_pointer(&vmd->server, qmp_server_free);
    g_clear_pointer(&vmd->jobs, job_list_free);
    g_clear_pointer(&vmd->resources, resources_free);
    g_clear_pointer(&vmd->events, qmp_event_queue_free);
    g_clear_pointer(&vmd->notify, notify_free);
    g_clear_pointer(&vmd->base, event_base_free);
    g_clear_pointer(&vmd->fds, fd_table_free);
    g_clear_pointer(&vmd->recorder, exit_recorder_free);
    run_control_clear(&vmd->run);
    ending_clear(&vmd->ending);
    g_free(vmd->machine_id);
    g_free(vmd);
}
