/* The less common opcodes: each gives the place of the next one, or -1. */

#ifndef ASSAY_OPCODES_H
#define ASSAY_OPCODES_H

#include "memo.h"

/* ---- constants */

static int nested(walker *w, int64_t begin, uint64_t size)
{
    if (size <= 3 || begin > w->end || size > (uint64_t)(w->end - begin))
        return 0;
    unsigned char first = w->data[begin];
    int64_t stop = begin + (int64_t)size;
    int looks = first == 0x80 ? w->data[begin + 1] <= 5
                              : memchr("c(i]}", first, 5) != NULL && w->data[stop - 1] == 0x2E;
    if (!looks)
        return 0;
    PyObject *done = PyObject_CallFunction(w->hand[H_NESTED], "LL", (long long)begin, (long long)stop);
    if (done == NULL)
        return -1;
    Py_DECREF(done);
    return 0;
}

static int64_t counted(walker *w, int64_t i, int op, int width, int bytes)
{
    uint64_t size = little(w, i + 1, width);
    if ((op == 0x8B || op == 0x54) && size >= (uint64_t)1 << 31)
        return broken_at(w, "%U with a negative length", op);
    int64_t begin = i + 1 + width;
    if (bytes && nested(w, begin, size) < 0)
        return -1;
    if (begin > w->end || size > (uint64_t)(w->end - begin))
        return broken_at(w, "%U is longer than the file", op);
    return push(w, i + 1) < 0 ? -1 : begin + (int64_t)size;
}

/* Whether the line is a number of the plainest form, which needs no asking. */
static int plain_number(const unsigned char *at, int64_t size, int real)
{
    int64_t i = 0, digits = 0;
    if (size && at[0] == '-')
        i++;
    for (; i < size && at[i] >= '0' && at[i] <= '9'; i++)
        digits++;
    if (digits == 0 || digits > 18)
        return 0;
    if (!real)
        return i == size || (i + 1 == size && at[i] == 'L');
    if (i < size && at[i] == '.')
        for (i++; i < size && at[i] >= '0' && at[i] <= '9'; i++)
            ;
    return i == size && size <= 60;
}

static int64_t lined(walker *w, int64_t i, int op)
{
    int64_t stop = line_end(w, i + 1, w->end);
    if (stop == w->end)
        return broken_at(w, "%U without an end of line", op);
    int number = op == 0x46 || op == 0x49 || op == 0x4C;
    if (number && !plain_number(w->data + i + 1, stop - i - 1, op == 0x46)) {
        PyObject *said = PyObject_CallFunction(w->hand[H_NUMBER], "LLi", (long long)i, (long long)stop, op);
        int good = said ? PyObject_IsTrue(said) : -1;
        Py_XDECREF(said);
        if (good < 0)
            return -1;
        if (!good)
            return broken_at(w, "%U that is not a number", op);
    }
    return push(w, i + 1) < 0 ? -1 : stop + 1;
}

/* The index of a GET or PUT: its line's end, the index, and the index as Python has it where it is no plain one. */
static int64_t index_line(walker *w, int64_t i, int64_t *at, PyObject **key)
{
    int64_t last = w->end < i + 32 ? w->end : i + 32;
    int64_t stop = line_end(w, i + 1, last);
    int64_t value = 0, digits = 0;
    for (int64_t k = i + 1; k < stop && digits >= 0; k++, digits++) {
        unsigned char c = w->data[k];
        if (c < '0' || c > '9' || digits > 17)
            digits = -2;
        else
            value = 10 * value + (c - '0');
    }
    *key = NULL;
    if (digits > 0) {
        *at = value;
        return stop;
    }
    PyObject *said = PyObject_CallFunction(w->hand[H_INDEX], "L", (long long)i);
    long long place = -1;
    if (said == NULL || !PyArg_ParseTuple(said, "LO", &place, key)) {
        Py_XDECREF(said);
        return -1;
    }
    Py_INCREF(*key);
    Py_DECREF(said);
    int over = 0;
    *at = PyLong_AsLongLongAndOverflow(*key, &over);
    if (over)
        *at = INT64_MAX;
    return place;
}

static int64_t text_get(walker *w, int64_t i)
{
    int64_t at;
    PyObject *key;
    int64_t stop = index_line(w, i, &at, &key);
    int bad = stop < 0 || get(w, at, key) < 0;
    Py_XDECREF(key);
    return bad ? -1 : stop + 1;
}

static int64_t text_put(walker *w, int64_t i)
{
    int64_t at;
    PyObject *key;
    int64_t stop = index_line(w, i, &at, &key);
    int bad = stop < 0 || need(w, 1, 0x70) < 0 || put(w, at, key, w->stack.at[w->stack.count - 1]) < 0;
    Py_XDECREF(key);
    return bad ? -1 : stop + 1;
}

/* ---- the stack */

static int64_t mark_of(walker *w, int op)
{
    if (w->marks.count == 0)
        return broken_at(w, "%U without a mark", op);
    return w->marks.at[--w->marks.count];
}

/* Make the values from a place on into a tuple. */
static int tuple_from(walker *w, int64_t first)
{
    node *n = tuple_new(&w->heap, w->stack.at + first, w->stack.count - first);
    if (n == NULL)
        return no_memory(w);
    w->stack.count = first;
    return push(w, cell_of(n));
}

static int container(walker *w, int op)
{
    int64_t first = mark_of(w, op);
    if (first < 0)
        return -1;
    if (op == 0x64 && looked_at(w, PLAIN, first, 0x75) < 0)
        return -1;
    int64_t count = w->stack.count - first;
    if (count == 0 || w->captured >= w->capture_limit) {
        cut(w, first);
        return push(w, PLAIN);
    }
    node *bag = bag_new(&w->heap, op == 0x6C ? 0x65 : op == 0x64 ? 0x75 : 0x90);
    if (bag == NULL)
        return no_memory(w);
    w->stack.count = first;
    if (bag_add(&w->heap, bag, w->stack.at + first, count) < 0)
        return no_memory(w);
    w->captured++;
    return push(w, cell_of(bag));
}

/* ---- names and calls, which Python judges */

static int64_t place_from(PyObject *said)
{
    int64_t at = said ? PyLong_AsLongLong(said) : -1;
    Py_XDECREF(said);
    return at;
}

/* Push the value of a pair (value, place), and give the place. */
static int64_t valued(walker *w, PyObject *said)
{
    PyObject *value;
    long long after;
    if (said == NULL || !PyArg_ParseTuple(said, "OL", &value, &after)) {
        Py_XDECREF(said);
        return -1;
    }
    Py_INCREF(value);
    Py_DECREF(said);
    return push(w, cell_from(w, value)) < 0 ? -1 : after;
}

/* Call what lies under the arguments on top; both are taken off. */
static int called(walker *w, int64_t i, int op, int extra)
{
    int64_t count = w->stack.count - extra;
    cell args = w->stack.at[count - 1], callable = w->stack.at[count - 2];
    if (is_kind(callable, N_OBJECT) && (node_of(callable)->traits & T_CALLED)) {
        node *of = node_of(callable);
        if (of->made == NULL) {
            cell made = cell_from(w, PyObject_CallFunctionObjArgs(w->hand[H_MADE], of->py, NULL));
            if (made == ABSENT)
                return -1;
            if (!is_node(made))
                return broken(w, "a class that gives nothing");
            of->made = node_of(made);
        }
        cell made = held(cell_of(of->made));
        cut(w, count - 2);
        return push(w, made);
    }
    PyObject *said = PyObject_CallFunction(
        w->hand[H_CALL], "NNLi", python_of(w, callable), python_of(w, args), (long long)i, op);
    cell made = cell_from(w, said);
    if (made == ABSENT)
        return -1;
    cut(w, count - 2);
    return push(w, made);
}

/* Whether a state is made of objects, or of names that are: which Python must look at, whatever takes it. */
static int made_state(cell state)
{
    if (is_kind(state, N_OBJECT))
        return 1;
    if (!is_node(state))
        return 0;
    node *n = node_of(state);
    if (n->kind == N_TUPLE) { /* of the dict and the slots */
        for (unsigned i = 0; n->count == 2 && i < 2; i++)
            if (is_kind(n->items[i], N_OBJECT) || (is_kind(n->items[i], N_BAG) && made_state(n->items[i])))
                return 1;
        return 0;
    }
    for (unsigned i = 0; n->shape == 0x75 && i < n->count; i += 2)
        if (is_kind(n->items[i], N_OBJECT))
            return 1;
    return 0;
}

static int64_t build(walker *w, int64_t i)
{
    if (need(w, 2, 0x62) < 0)
        return -1;
    cell target = w->stack.at[w->stack.count - 2], state = w->stack.at[w->stack.count - 1];
    if (!is_kind(target, N_OBJECT) || ((node_of(target)->traits & T_INERT) && !made_state(state))) {
        pop(w);
        return i + 1;
    }
    PyObject *given = python_of(w, state);
    PyObject *done = given ? PyObject_CallFunction(w->hand[H_BUILD], "ONL", given, python_of(w, target), (long long)i) : NULL;
    int64_t next = done == NULL ? -1 : i + 1;
    Py_XDECREF(done);
    int wrapper = node_of(target)->traits & T_WRAPPER;
    pop(w);
    if (next > 0 && wrapper && w->arrays) {
        next = place_from(PyObject_CallFunction(
            w->hand[H_ARRAY], "OLLi", given, (long long)(i + 1), (long long)w->frame_end, w->aliased));
        if (next > 0) {
            pop(w);
            next = push(w, PLAIN) < 0 ? -1 : next;
        }
    }
    Py_XDECREF(given);
    return next;
}

static int64_t object_of(walker *w, int64_t i)
{
    int64_t first = mark_of(w, 0x6F);
    if (first < 0)
        return -1;
    if (first == w->stack.count)
        return broken(w, "OBJ without a class");
    return tuple_from(w, first + 1) < 0 || called(w, i, 0x6F, 0) < 0 ? -1 : i + 1;
}

static int64_t instance(walker *w, int64_t i)
{
    /* the names come first, as they may be no names at all */
    PyObject *names = PyObject_CallFunction(w->hand[H_INST], "LO", (long long)i, Py_None);
    if (names == NULL)
        return -1;
    Py_DECREF(names);
    int64_t first = mark_of(w, 0x69);
    if (first < 0 || tuple_from(w, first) < 0)
        return -1;
    PyObject *args = python_of(w, w->stack.at[w->stack.count - 1]);
    pop(w);
    return valued(w, PyObject_CallFunction(w->hand[H_INST], "LN", (long long)i, args));
}

static int64_t persistent(walker *w, PyObject *value, int64_t i, int64_t next)
{
    PyObject *done = value ? PyObject_CallFunction(w->hand[H_PERSISTENT], "OL", value, (long long)i) : NULL;
    Py_XDECREF(value);
    if (done == NULL)
        return -1;
    Py_DECREF(done);
    return push(w, PLAIN) < 0 ? -1 : next;
}

static int64_t computed(walker *w, int64_t i)
{
    /* one after the other, as the twin takes them */
    if (need(w, 2, 0x93) < 0)
        return -1;
    cell name = w->stack.at[w->stack.count - 1], module = w->stack.at[w->stack.count - 2];
    cell found = cell_from(w, PyObject_CallFunction(
        w->hand[H_STACK_GLOBAL], "NNL", python_of(w, module), python_of(w, name), (long long)i));
    if (found == ABSENT)
        return -1;
    cut(w, w->stack.count - 2);
    return push(w, found) < 0 ? -1 : i + 1;
}

static int64_t protocol(walker *w, int64_t i)
{
    if (i + 1 >= w->size)
        return short_of();
    int version = w->data[i + 1];
    if (version > 5) {
        PyErr_Format(w->broken, "protocol %d does not exist", version);
        return -1;
    }
    if (version != w->version) {
        PyObject *done = PyObject_CallFunction(w->hand[H_PROTOCOL], "i", version);
        if (done == NULL)
            return -1;
        Py_DECREF(done);
        w->version = version;
    }
    return i + 2;
}

static int64_t frame(walker *w, int64_t i)
{
    uint64_t size = little(w, i + 1, 8);
    if (i + 9 > w->end || size > (uint64_t)(w->end - i - 9))
        return broken(w, "a frame is longer than the file");
    w->frame_end = i + 9 + (int64_t)size;
    return i + 9;
}

#endif
