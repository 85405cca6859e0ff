/* The memo: cells side by side, and those that lie far apart in a dict. */

#ifndef ASSAY_MEMO_H
#define ASSAY_MEMO_H

#include "state.h"

/* Give an object its place in the table, once; 1 where the table is full. */
static int tabled(walker *w, node *n)
{
    PyObject *slot = PyObject_GetAttrString(n->py, "slot");
    long at = slot ? PyLong_AsLong(slot) : -1;
    Py_XDECREF(slot);
    if (at == -1 && PyErr_Occurred())
        return -1;
    if (at >= 0)
        return 0;
    if (w->table >= 2 * w->table_limit && !(n->traits & T_FORGOTTEN))
        return 1;
    PyObject *number = PyLong_FromLongLong(w->table++);
    int bad = number == NULL || PyObject_SetAttrString(n->py, "slot", number) < 0;
    Py_XDECREF(number);
    return bad ? -1 : 0;
}

/* What the memo keeps of a value, with a reference of its own. As State.keep. */
static int keep(walker *w, cell value, cell *kept)
{
    *kept = value == ALIAS || is_kind(value, N_BAG) ? PLAIN : value;
    if (!is_node(*kept))
        return 0;
    node *n = node_of(value);
    int lost;
    if (n->kind == N_OBJECT)
        lost = tabled(w, n);
    else {
        lost = w->table >= w->table_limit;
        if (!lost)
            w->table++;
        else if (n->plain) {
            *kept = PLAIN;
            return 0;
        }
    }
    if (lost < 0)
        return -1;
    if (!lost) {
        held(value);
        return 0;
    }
    *kept = cell_from(w, Py_NewRef(w->forgotten));
    return *kept == ABSENT ? -1 : tabled(w, node_of(*kept));
}

/* The cell of a far entry; ABSENT where there is none, and with an error set where that failed. */
static cell far_get(walker *w, PyObject *key)
{
    PyObject *found = PyDict_GetItemWithError(w->far, key);
    return found ? (cell)PyLong_AsLongLong(found) : ABSENT;
}

static int far_put(walker *w, PyObject *key, cell kept)
{
    cell old = far_get(w, key);
    if (old == ABSENT && PyErr_Occurred())
        return -1;
    if (PyDict_Size(w->far) > w->table_limit)
        return broken(w, "its memo is scattered too widely to follow");
    PyObject *value = PyLong_FromLongLong(kept);
    int bad = value == NULL || PyDict_SetItem(w->far, key, value) < 0;
    Py_XDECREF(value);
    if (bad)
        return -1;
    w->filled += old == ABSENT;
    dropped(&w->heap, old);
    return 0;
}

/* Leave a value in the memo. key: the index as Python has it, or NULL. */
static int put(walker *w, int64_t at, PyObject *key, cell value)
{
    cell kept;
    if (keep(w, value, &kept) < 0)
        return -1;
    cells *memo = &w->memo;
    if (at >= memo->count) {
        if (at - w->gap > 2 * w->filled || PyDict_Size(w->far) > 0) {
            PyObject *own = key ? Py_NewRef(key) : PyLong_FromLongLong(at);
            int there = own == NULL ? -1 : at - w->gap > 2 * w->filled ? 1 : PyDict_Contains(w->far, own);
            int bad = there < 0 || (there && far_put(w, own, kept) < 0);
            Py_XDECREF(own);
            if (bad || there) {
                if (bad)
                    dropped(&w->heap, kept);
                return bad ? -1 : 0;
            }
        }
        if (at >= w->memo_limit) {
            dropped(&w->heap, kept);
            return broken(w, "its memo grows past what is followed");
        }
        if (at >= memo->room && cells_grow(memo, at + 1) < 0) {
            dropped(&w->heap, kept);
            PyErr_NoMemory();
            return -1;
        }
        while (memo->count <= at)
            memo->at[memo->count++] = ABSENT;
    }
    cell old = memo->at[at];
    if (old == ABSENT) {
        int was_far = 0;
        if (PyDict_Size(w->far) > 0) { /* what was far may have come near */
            PyObject *own = PyLong_FromLongLong(at);
            cell far = own ? far_get(w, own) : ABSENT;
            if (own && far != ABSENT) {
                was_far = PyDict_DelItem(w->far, own) == 0;
                dropped(&w->heap, far);
            }
            Py_XDECREF(own);
        }
        if (PyErr_Occurred()) {
            dropped(&w->heap, kept);
            return -1;
        }
        w->filled += !was_far;
    }
    memo->at[at] = kept;
    dropped(&w->heap, old);
    return 0;
}

/* A value that comes out of the memo, or once more from the stack; one that must be accounted for appears anew. */
static int fetched(walker *w, cell value)
{
    if (is_kind(value, N_OBJECT) && (node_of(value)->traits & T_GUARDED)) {
        PyObject *done = PyObject_CallFunctionObjArgs(w->hand[H_APPEARS], node_of(value)->py, NULL);
        if (done == NULL)
            return -1;
        Py_DECREF(done);
    }
    w->shared += is_kind(value, N_TUPLE);
    return push(w, held(value));
}

/* Push a memo entry; Broken where none was put. */
static int get(walker *w, int64_t at, PyObject *key)
{
    cell found = at < w->memo.count ? w->memo.at[at] : ABSENT;
    if (found == ABSENT) {
        PyObject *own = key ? Py_NewRef(key) : PyLong_FromLongLong(at);
        if (own == NULL)
            return -1;
        found = far_get(w, own);
        if (found == ABSENT) {
            if (!PyErr_Occurred())
                PyErr_Format(w->broken, "memo entry %S was never put", own);
            Py_DECREF(own);
            return -1;
        }
        Py_DECREF(own);
    }
    if (found == PLAIN) {
        w->shared++;
        return push(w, ALIAS);
    }
    return fetched(w, found);
}

#endif
