/* One walk: its file, its stack with the marks, its memo, and the Python that carries out what is rare. */

#ifndef ASSAY_STATE_H
#define ASSAY_STATE_H

#include "cells.h"

/* What is asked of Python, in the order of HANDS below. */
enum hand {
    H_TRAITS, H_GLOBAL, H_STACK_GLOBAL, H_INST, H_EXTENSION, H_CALL, H_MADE, H_BUILD, H_ARRAY, H_APPEARS, H_PERSISTENT,
    H_NESTED, H_INDEX, H_NUMBER, H_PROTOCOL, H_TICK, H_TUPLE, H_BAG, H_KEYED, H_FILLED, H_COUNT
};
static const char *const HANDS[H_COUNT] = {
    "traits", "named", "computed", "inst", "extension", "call", "made", "build", "array", "appears", "persistent",
    "nested", "index", "number", "protocol", "tick", "tuple", "bag", "keyed", "filled"
};

typedef struct {
    const unsigned char *data;
    int64_t size, start, end; /* size: of the whole file; end: where the walk must stop */
    int64_t at, opcodes, shared;
    int64_t stack_limit, table_limit, capture_limit, memo_limit, gap, slice;
    heap heap;
    cells stack, marks, memo;
    PyObject *far;  /* index -> cell, of the entries that lie far apart */
    int64_t filled, table, captured, frame_end;
    int aliased, arrays, version;
    PyObject *hand[H_COUNT];
    PyObject *broken, *alias, *names, *forgotten, *items;
} walker;

/* ---- the file */

static inline uint64_t little(const walker *w, int64_t at, int width)
{
    uint64_t value = 0;
    for (int i = 0; i < width; i++)
        if (at + i < w->size)
            value |= (uint64_t)w->data[at + i] << (8 * i);
    return value;
}

/* The place of the next newline, or end. */
static inline int64_t line_end(const walker *w, int64_t at, int64_t end)
{
    if (at >= end)
        return end;
    const void *found = memchr(w->data + at, '\n', (size_t)(end - at));
    return found ? (int64_t)((const unsigned char *)found - w->data) : end;
}

/* ---- errors: each gives -1 */

static int short_of(void)
{
    PyErr_SetString(PyExc_IndexError, "out of range");
    return -1;
}

static int no_memory(walker *w)
{
    if (w->heap.count >= NODE_LIMIT)
        PyErr_SetString(w->broken, "it holds more tuples and lists at once than are followed");
    else
        PyErr_NoMemory();
    return -1;
}

static int broken(walker *w, const char *text)
{
    PyErr_SetString(w->broken, text);
    return -1;
}

static int broken_at(walker *w, const char *format, int op)
{
    PyObject *key = PyLong_FromLong(op);
    PyObject *name = key ? PyDict_GetItemWithError(w->names, key) : NULL;
    Py_XDECREF(key);
    if (name != NULL)
        PyErr_Format(w->broken, format, name);
    else if (!PyErr_Occurred())
        PyErr_SetString(w->broken, "a byte that is not an opcode");
    return -1;
}

/* ---- between cells and Python */

static PyObject *shell(walker *w, node *n)
{
    if (n->kind == N_TUPLE)
        return PyObject_CallFunction(w->hand[H_TUPLE], "ii", (int)n->deep, (int)n->plain);
    return PyObject_CallFunction(w->hand[H_BAG], "iii", (int)n->shape, (int)n->deep, (int)n->more);
}

/* The Python value of a cell, as a new reference. What a tuple holds is made by a list and not by calls within calls. */
static PyObject *python_of(walker *w, cell c)
{
    if (c > 0)
        return PyLong_FromLongLong(c - 1);
    if (c == PLAIN)
        Py_RETURN_NONE;
    if (c == ALIAS)
        return Py_NewRef(w->alias);
    node *n = node_of(c);
    if (n->py)
        return Py_NewRef(n->py);
    n->py = shell(w, n);
    if (n->py == NULL)
        return NULL;
    n->todo = NULL;
    for (node *todo = n; todo;) {
        node *one = todo;
        todo = one->todo;
        PyObject *held_items = PyList_New(one->count);
        if (held_items == NULL)
            return NULL;
        for (unsigned i = 0; i < one->count; i++) {
            cell inner = one->items[i];
            PyObject *value;
            if (is_node(inner)) {
                node *below = node_of(inner);
                if (below->py == NULL) {
                    below->py = shell(w, below);
                    if (below->py == NULL) {
                        Py_DECREF(held_items);
                        return NULL;
                    }
                    below->todo = todo;
                    todo = below;
                }
                value = Py_NewRef(below->py);
            } else
                value = inner > 0 ? PyLong_FromLongLong(inner - 1) : Py_NewRef(inner == ALIAS ? w->alias : Py_None);
            if (value == NULL || PyList_SetItem(held_items, i, value) < 0) {
                Py_DECREF(held_items);
                return NULL;
            }
        }
        PyObject *items = one->kind == N_TUPLE ? PyList_AsTuple(held_items) : Py_NewRef(held_items);
        Py_DECREF(held_items);
        if (items == NULL || PyObject_SetAttr(one->py, w->items, items) < 0) {
            Py_XDECREF(items);
            return NULL;
        }
        Py_DECREF(items);
    }
    return Py_NewRef(n->py);
}

/* The cell of what Python gave, which is taken over; ABSENT on error. */
static cell cell_from(walker *w, PyObject *value)
{
    if (value == NULL)
        return ABSENT;
    if (value == Py_None) {
        Py_DECREF(value);
        return PLAIN;
    }
    PyObject *said = PyObject_CallFunctionObjArgs(w->hand[H_TRAITS], value, NULL);
    long traits = said ? PyLong_AsLong(said) : -1;
    Py_XDECREF(said);
    node *n = traits < 0 ? NULL : node_new(&w->heap, N_OBJECT, 0);
    if (n == NULL) {
        if (traits >= 0)
            no_memory(w);
        Py_DECREF(value);
        return ABSENT;
    }
    n->plain = 0;
    n->py = value;
    n->traits = (uint8_t)traits;
    return cell_of(n);
}

static int push(walker *w, cell c)
{
    if (c == ABSENT)
        return -1;
    if (cells_push(&w->stack, c) < 0) {
        dropped(&w->heap, c);
        PyErr_NoMemory();
        return -1;
    }
    return 0;
}

/* ---- the stack */

static inline int64_t fence(const walker *w) { return w->marks.count ? w->marks.at[w->marks.count - 1] : 0; }

static inline int need(walker *w, int64_t count, int op)
{
    if (w->stack.count - fence(w) < count)
        return broken_at(w, "%U takes more from the stack than lies there", op);
    return 0;
}

static inline void pop(walker *w) { dropped(&w->heap, w->stack.at[--w->stack.count]); }

static void cut(walker *w, int64_t count)
{
    while (w->stack.count > count)
        pop(w);
}

/* ---- containers: their first items, where these may matter */

/* Whether the container at this place is the state of something whose state must be known, or a dtype's fields. */
static inline int wanted(const walker *w, int64_t at)
{
    if (at < 1)
        return 0;
    cell below = w->stack.at[at - 1];
    return is_kind(below, N_TUPLE) || (is_kind(below, N_OBJECT) && (node_of(below)->traits & T_WRAPPER));
}

/* Whether a constant may be a text like __array__: as it is written today, or in a spelling that Python must read. */
static int protocol_name(const walker *w, int64_t i)
{
    int op = w->data[i];
    if (op != 0x8C && op != 0x58)
        return op == 0x8D || op == 0x56 || op == 0x53 || op == 0x54 || op == 0x55;
    int64_t begin = i + (op == 0x8C ? 2 : 5), size = (int64_t)little(w, i + 1, op == 0x8C ? 1 : 4);
    return size > 4 && begin + size <= w->size && w->data[begin] == '_' && w->data[begin + 1] == '_';
}

/* Look at what is filled that is no container, and at what a dict is given under names that Python or a library asks for. */
static int looked_at(walker *w, cell top, int64_t first, int shape)
{
    if (is_kind(top, N_OBJECT)) {
        int takes = shape == 0x75 ? T_DICT : shape == 0x65 ? T_LIST : 0;
        if (!(node_of(top)->traits & takes)) {
            PyObject *done = PyObject_CallFunction(
                w->hand[H_FILLED], "OLi", node_of(top)->py, (long long)w->at, shape);
            if (done == NULL)
                return -1;
            Py_DECREF(done);
        }
    }
    if (shape != 0x75)
        return 0;
    for (int64_t k = first; k + 1 < w->stack.count; k += 2) {
        cell key = w->stack.at[k], value = w->stack.at[k + 1];
        if (!is_kind(value, N_OBJECT))
            continue;
        int asks = key > 0 ? protocol_name(w, key - 1)
                           : is_kind(key, N_OBJECT) && (node_of(value)->traits & T_NAME);
        if (!asks)
            continue;
        PyObject *done = PyObject_CallFunction(
            w->hand[H_KEYED], "NOL", python_of(w, key), node_of(value)->py, (long long)w->at);
        if (done == NULL)
            return -1;
        Py_DECREF(done);
    }
    return 0;
}

/* Add the items above a place to the container below it, and take them from the stack. */
static int add_items(walker *w, int64_t first, int shape)
{
    cell *top = &w->stack.at[first - 1];
    if (looked_at(w, *top, first, shape) < 0)
        return -1;
    if (*top == ALIAS)
        w->aliased = 1;
    if ((*top == PLAIN || is_kind(*top, N_BAG)) && (w->captured < w->capture_limit || wanted(w, first - 1))) {
        if (*top == PLAIN) {
            node *made = bag_new(&w->heap, shape);
            if (made == NULL)
                return no_memory(w);
            *top = cell_of(made);
        }
        node *bag = node_of(*top);
        int64_t count = w->stack.count - first;
        unsigned before = bag->count;
        w->stack.count = first;
        if (bag_add(&w->heap, bag, w->stack.at + first, count) < 0)
            return no_memory(w);
        w->captured++;
        if (bag->py) { /* Python saw it already: let it see what came */
            PyObject *items = PyObject_GetAttr(bag->py, w->items);
            PyObject *more = PyLong_FromLong(bag->more), *deep = PyLong_FromLong(bag->deep);
            int bad = items == NULL || more == NULL || deep == NULL;
            bad = bad || PyObject_SetAttrString(bag->py, "more", more) < 0
                || PyObject_SetAttrString(bag->py, "deep", deep) < 0;
            for (unsigned i = before; !bad && i < bag->count; i++) {
                PyObject *value = python_of(w, bag->items[i]);
                bad = value == NULL || PyList_Append(items, value) < 0;
                Py_XDECREF(value);
            }
            Py_XDECREF(items);
            Py_XDECREF(more);
            Py_XDECREF(deep);
            if (bad)
                return -1;
        }
        return 0;
    }
    cut(w, first);
    return 0;
}

#endif
