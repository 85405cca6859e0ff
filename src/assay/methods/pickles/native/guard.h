/* Files mapped into memory that somebody cuts short while they are read.

   The kernel then sends SIGBUS at the first page that is gone, which would end the process. Here the pages that are
   gone become zeros, and whoever reads on reads zeros; that the file was cut short is for the caller to see. A SIGBUS
   anywhere else is given back to whoever handled it before. */

#ifndef ASSAY_GUARD_H
#define ASSAY_GUARD_H

#include "cells.h"
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#define RANGES 512

static struct {
    volatile uintptr_t begin, end; /* whole pages; end is 0 where the place is free */
    volatile sig_atomic_t cut;
} ranges[RANGES];
static struct sigaction bus_before;
static uintptr_t page_size;

static void on_bus(int number, siginfo_t *info, void *context)
{
    (void)context;
    uintptr_t at = (uintptr_t)info->si_addr;
    for (int i = 0; i < RANGES; i++) {
        uintptr_t begin = ranges[i].begin, end = ranges[i].end;
        if (end == 0 || at < begin || at >= end)
            continue;
        uintptr_t page = at & ~(page_size - 1);
        void *got = mmap((void *)page, end - page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
        if (got != MAP_FAILED) {
            ranges[i].cut = 1;
            return;
        }
    }
    sigaction(number, &bus_before, NULL); /* the same access fails again, and is theirs */
}

static void bus_watched(void)
{
    struct sigaction now;
    if (sigaction(SIGBUS, NULL, &now) == 0 && (now.sa_flags & SA_SIGINFO) && now.sa_sigaction == on_bus)
        return;
    struct sigaction ours;
    memset(&ours, 0, sizeof ours);
    ours.sa_sigaction = on_bus;
    ours.sa_flags = SA_SIGINFO;
    sigemptyset(&ours.sa_mask);
    bus_before = now;
    sigaction(SIGBUS, &ours, NULL);
}

PyDoc_STRVAR(guard_doc,
    "guard(data)\n--\n\n"
    "Let pages of a mapped file that are gone be read as zeros; gives a number for cut and release, -1 when there is no room.");

static PyObject *guard(PyObject *module, PyObject *data)
{
    (void)module;
    Py_buffer view;
    if (PyObject_GetBuffer(data, &view, PyBUF_SIMPLE) < 0)
        return NULL;
    uintptr_t begin = (uintptr_t)view.buf, end = begin + (uintptr_t)view.len;
    PyBuffer_Release(&view);
    page_size = (uintptr_t)sysconf(_SC_PAGESIZE);
    for (int i = 0; i < RANGES; i++)
        if (ranges[i].end == 0) {
            ranges[i].begin = begin & ~(page_size - 1);
            ranges[i].cut = 0;
            ranges[i].end = (end + page_size - 1) & ~(page_size - 1);
            bus_watched();
            return PyLong_FromLong(i);
        }
    return PyLong_FromLong(-1);
}

static int place_of(PyObject *number)
{
    long at = PyLong_AsLong(number);
    if (at == -1 && PyErr_Occurred())
        return -1;
    if (at < 0 || at >= RANGES) {
        PyErr_SetString(PyExc_ValueError, "no such guard");
        return -1;
    }
    return (int)at;
}

PyDoc_STRVAR(cut_doc, "cut(number)\n--\n\nWhether pages were gone when they were read.");

static PyObject *cut_short(PyObject *module, PyObject *number)
{
    (void)module;
    int at = place_of(number);
    return at < 0 ? NULL : PyBool_FromLong(ranges[at].cut);
}

PyDoc_STRVAR(release_doc, "release(number)\n--\n\nGuard a mapping no longer.");

static PyObject *release(PyObject *module, PyObject *number)
{
    (void)module;
    int at = place_of(number);
    if (at < 0)
        return NULL;
    ranges[at].end = 0;
    Py_RETURN_NONE;
}

#endif
