/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Raising exceptions: leaves light code, discarding its stack frames.
 */
#include "config.h"
#include "tcg/dispatch.h"
#include "tcg/light.h"

_Noreturn void tcg_resume(TcgState *s)
{
    tcg_abandon(s);
}

static _Noreturn void raise_exception(TcgState *s, TcgException exception)
{
    exception.pending = true;
    if (!tcg_exception_combine(s, &exception)) {
        s->exception.pending = false;
        s->delivering = -1;
        tcg_heavy(s, tcg_vcpu_shutdown, NULL);
        tcg_abandon(s);
    }
    s->exception = exception;
    tcg_abandon(s);
}

_Noreturn void tcg_raise(TcgState *s, guint8 vector)
{
    raise_exception(s, (TcgException){ .vector = vector });
}

_Noreturn void tcg_raise_error(TcgState *s, guint8 vector, guint32 error)
{
    raise_exception(s, (TcgException){ .vector = vector, .has_error = true, .error = error });
}

_Noreturn void tcg_raise_page(TcgState *s, guint64 address, guint32 error)
{
    raise_exception(s, (TcgException){ .vector = TCG_PF, .has_error = true, .error = error,
                                       .address = address });
}

typedef struct {
    const char *what;
    guint64 value;
} LogLine;

static guint64 log_heavy(TcgState *s, void *argument)
{
    const LogLine *line = argument;

    tcg_vcpu_log(s, line->what, line->value);
    return 0;
}

void tcg_log_once(TcgState *s, const char *what, guint64 value)
{
    LogLine line = { what, value };

    tcg_heavy(s, log_heavy, &line);
}
