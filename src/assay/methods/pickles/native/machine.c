/* The loop of the symbolic pickle machine, compiled: the twin of machine.py, opcode by opcode.

   It runs nothing and imports nothing. Each length is held against the end of the file before it is used, nothing
   calls itself, and what it holds is bounded by the limits that it is given. Names, calls and changes in place are
   judged by Python, as in the twin; a class whose every call gives the same is asked about once. */

#include "guard.h"
#include "opcodes.h"

#define VERSION 4

static int64_t rare(walker *w, int op, int64_t i)
{
    int64_t n;
    switch (op) {
    case 0x43: case 0x55: return counted(w, i, op, 1, 1);
    case 0x8A: return counted(w, i, op, 1, 0);
    case 0x42: case 0x54: return counted(w, i, op, 4, 1);
    case 0x8B: return counted(w, i, op, 4, 0);
    case 0x8E: case 0x96: return counted(w, i, op, 8, 1);
    case 0x8D: return counted(w, i, op, 8, 0);
    case 0x46: case 0x49: case 0x4C: case 0x53: case 0x56: return lined(w, i, op);
    case 0x80: return protocol(w, i);
    case 0x95: return frame(w, i);
    case 0x30: /* POP */
        if (w->marks.count && w->marks.at[w->marks.count - 1] == w->stack.count)
            w->marks.count--;
        else if (need(w, 1, op) < 0)
            return -1;
        else
            pop(w);
        return i + 1;
    case 0x31: /* POP_MARK */
        n = mark_of(w, op);
        if (n < 0)
            return -1;
        cut(w, n);
        return i + 1;
    case 0x32: { /* DUP */
        if (need(w, 1, op) < 0)
            return -1;
        cell top = w->stack.at[w->stack.count - 1];
        return (top == PLAIN ? push(w, ALIAS) : fetched(w, top)) < 0 ? -1 : i + 1;
    }
    case 0x74: /* TUPLE */
        n = mark_of(w, op);
        return n < 0 || tuple_from(w, n) < 0 ? -1 : i + 1;
    case 0x85: case 0x86: case 0x87:
        if (need(w, op - 0x84, op) < 0)
            return -1;
        return tuple_from(w, w->stack.count - (op - 0x84)) < 0 ? -1 : i + 1;
    case 0x6C: case 0x64: case 0x91: return container(w, op) < 0 ? -1 : i + 1;
    case 0x61: /* APPEND */
        return need(w, 2, op) < 0 || add_items(w, w->stack.count - 1, 0x65) < 0 ? -1 : i + 1;
    case 0x73: /* SETITEM */
        return need(w, 3, op) < 0 || add_items(w, w->stack.count - 2, 0x75) < 0 ? -1 : i + 1;
    case 0x67: return text_get(w, i);
    case 0x70: return text_put(w, i);
    case 0x6A: return get(w, (int64_t)little(w, i + 1, 4), NULL) < 0 ? -1 : i + 5;
    case 0x63: return valued(w, PyObject_CallFunction(w->hand[H_GLOBAL], "L", (long long)i));
    case 0x93: return computed(w, i);
    case 0x69: return instance(w, i);
    case 0x6F: return object_of(w, i);
    case 0x52: case 0x81:
        return need(w, 2, op) < 0 || called(w, i, op, 0) < 0 ? -1 : i + 1;
    case 0x92: /* NEWOBJ_EX: its keywords lie on top */
        if (need(w, 3, op) < 0)
            return -1;
        pop(w);
        return called(w, i, op, 0) < 0 ? -1 : i + 1;
    case 0x62: return build(w, i);
    case 0x82: case 0x83: case 0x84:
        if (push(w, cell_from(w, PyObject_CallFunction(w->hand[H_EXTENSION], "L", (long long)i))) < 0)
            return -1;
        return i + 1 + (op == 0x82 ? 1 : op == 0x83 ? 2 : 4);
    case 0x50: return persistent(w, Py_NewRef(Py_None), i, line_end(w, i + 1, w->end) + 1);
    case 0x51: {
        if (need(w, 1, op) < 0)
            return -1;
        PyObject *value = python_of(w, w->stack.at[w->stack.count - 1]);
        pop(w);
        return persistent(w, value, i, i + 1);
    }
    case 0x97: return push(w, PLAIN) < 0 ? -1 : i + 1;
    case 0x98: return need(w, 1, op) < 0 ? -1 : i + 1;
    default:
        PyErr_Format(w->broken, "byte 0x%02x is not an opcode", op);
        return -1;
    }
}

#define PUSH(c) do { if (cells_push(&w->stack, (c)) < 0) { PyErr_NoMemory(); return -1; } } while (0)

/* Walk from w->at to a pause; 1 at STOP, 0 at the pause, -1 on error. */
static int stretch(walker *w, int64_t pause)
{
    const unsigned char *data = w->data;
    int64_t i = w->at;
    while (i < pause) {
        w->at = i;
        int op = data[i];
        switch (op) {
        case 0x4E: case 0x88: case 0x89: case 0x29: PUSH(i + 1); i += 1; break;
        case 0x4B: PUSH(i + 1); i += 2; break;
        case 0x4D: PUSH(i + 1); i += 3; break;
        case 0x4A: PUSH(i + 1); i += 5; break;
        case 0x47: PUSH(i + 1); i += 9; break;
        case 0x94: /* MEMOIZE */
            if (w->stack.count <= fence(w))
                return broken(w, "MEMOIZE with nothing on the stack");
            if (put(w, w->filled, NULL, w->stack.at[w->stack.count - 1]) < 0)
                return -1;
            i += 1;
            break;
        case 0x68: { /* BINGET */
            if (i + 1 >= w->size)
                return short_of();
            if (get(w, data[i + 1], NULL) < 0)
                return -1;
            i += 2;
            break;
        }
        case 0x8C: /* SHORT_BINUNICODE */
            if (i + 1 >= w->size)
                return short_of();
            PUSH(i + 1);
            i += 2 + data[i + 1];
            break;
        case 0x28: /* MARK */
            if (cells_push(&w->marks, w->stack.count) < 0) {
                PyErr_NoMemory();
                return -1;
            }
            i += 1;
            break;
        case 0x7D: case 0x5D: case 0x8F: PUSH(PLAIN); i += 1; break;
        case 0x75: case 0x65: case 0x90: { /* SETITEMS, APPENDS, ADDITEMS */
            if (w->marks.count == 0)
                return short_of();
            int64_t first = w->marks.at[--w->marks.count];
            if (first <= fence(w))
                return broken_at(w, "%U with no container below its mark", op);
            if (add_items(w, first, op) < 0)
                return -1;
            i += 1;
            break;
        }
        case 0x71: case 0x72: { /* BINPUT, LONG_BINPUT */
            if (op == 0x71 && i + 1 >= w->size)
                return short_of();
            int64_t n = op == 0x71 ? data[i + 1] : (int64_t)little(w, i + 1, 4);
            if (w->stack.count <= fence(w))
                return broken_at(w, "%U with nothing on the stack", op);
            if (put(w, n, NULL, w->stack.at[w->stack.count - 1]) < 0)
                return -1;
            i += op == 0x71 ? 2 : 5;
            break;
        }
        case 0x58: PUSH(i + 1); i += 5 + (int64_t)little(w, i + 1, 4); break;
        case 0x2E: /* STOP */
            if (w->stack.count <= fence(w))
                return broken(w, "STOP with nothing on the stack");
            w->at = i + 1;
            if (w->frame_end > i + 1)
                return broken(w, "its frame goes on after its STOP");
            return 1;
        default:
            i = rare(w, op, i);
            if (i < 0)
                return -1;
        }
        w->opcodes++;
    }
    w->at = i;
    return 0;
}

static int run(walker *w)
{
    while (w->at < w->end) {
        int64_t pause = w->end - w->at > w->slice ? w->at + w->slice : w->end;
        int done = stretch(w, pause);
        if (done)
            return done;
        int64_t i = w->at;
        if (i > w->end) {
            w->at = w->end;
            return broken(w, "it ends in the middle of a value");
        }
        if (w->stack.count + w->marks.count > w->stack_limit) {
            PyErr_Format(w->broken, "its stack grows past %lld values", (long long)w->stack_limit);
            return -1;
        }
        PyObject *said = PyObject_CallFunction(w->hand[H_TICK], "L", (long long)i);
        Py_XDECREF(said);
        if (said == NULL)
            return -1;
    }
    w->at = w->end;
    return broken(w, "it ends without a STOP");
}

static int set_number(PyObject *of, const char *name, int64_t value)
{
    PyObject *number = PyLong_FromLongLong(value);
    int bad = number == NULL || PyObject_SetAttrString(of, name, number) < 0;
    Py_XDECREF(number);
    return bad ? -1 : 0;
}

static void leave(walker *w, Py_buffer *view)
{
    free(w->stack.at);
    free(w->marks.at);
    free(w->memo.at);
    heap_free(&w->heap);
    for (int i = 0; i < H_COUNT; i++)
        Py_XDECREF(w->hand[i]);
    Py_XDECREF(w->far);
    Py_XDECREF(w->broken);
    Py_XDECREF(w->alias);
    Py_XDECREF(w->names);
    Py_XDECREF(w->forgotten);
    Py_XDECREF(w->items);
    PyBuffer_Release(view);
}

PyDoc_STRVAR(walk_doc,
    "walk(hands, data, start, end, limits)\n--\n\n"
    "Walk the pickle at start, and return what it leaves on the stack. hands: who carries out what is rare; its at,\n"
    "opcodes and shared are set, whatever happens. limits: stack, table, capture, memo, gap, slice.");

static PyObject *walk(PyObject *module, PyObject *args)
{
    (void)module;
    PyObject *hands, *data;
    long long start, end, limits[6];
    if (!PyArg_ParseTuple(args, "OOLL(LLLLLL):walk", &hands, &data, &start, &end, &limits[0], &limits[1], &limits[2],
            &limits[3], &limits[4], &limits[5]))
        return NULL;
    Py_buffer view;
    if (PyObject_GetBuffer(data, &view, PyBUF_SIMPLE) < 0)
        return NULL;
    walker state;
    memset(&state, 0, sizeof state);
    walker *w = &state;
    w->data = view.buf;
    w->size = view.len;
    w->start = w->at = w->frame_end = start;
    w->end = end;
    w->stack_limit = limits[0], w->table_limit = limits[1], w->capture_limit = limits[2];
    w->memo_limit = limits[3], w->gap = limits[4], w->slice = limits[5];
    w->version = 0;
    PyObject *out = NULL, *arrays = NULL;
    if (start < 0 || end > w->size || w->slice <= 0) {
        PyErr_SetString(PyExc_ValueError, "a walk outside of its file");
        goto out;
    }
    for (int i = 0; i < H_COUNT; i++)
        if ((w->hand[i] = PyObject_GetAttrString(hands, HANDS[i])) == NULL)
            goto out;
    w->far = PyDict_New();
    w->broken = PyObject_GetAttrString(hands, "broken");
    w->alias = PyObject_GetAttrString(hands, "alias");
    w->names = PyObject_GetAttrString(hands, "opcode_names");
    w->forgotten = PyObject_GetAttrString(hands, "forgotten");
    w->items = PyUnicode_InternFromString("items");
    arrays = PyObject_GetAttrString(hands, "arrays");
    if (!w->far || !w->broken || !w->alias || !w->names || !w->forgotten || !w->items || !arrays)
        goto out;
    w->arrays = PyObject_IsTrue(arrays);
    if (run(w) > 0)
        out = python_of(w, w->stack.at[w->stack.count - 1]);
    PyObject *kind, *value, *trace;
    PyErr_Fetch(&kind, &value, &trace);
    int bad = set_number(hands, "at", w->at) < 0 || set_number(hands, "opcodes", w->opcodes) < 0
        || set_number(hands, "shared", w->shared) < 0;
    if (kind) {
        PyErr_Clear();
        PyErr_Restore(kind, value, trace);
    } else if (bad)
        Py_CLEAR(out);
out:
    Py_XDECREF(arrays);
    leave(w, &view);
    return out;
}

static PyMethodDef methods[] = {
    {"walk", walk, METH_VARARGS, walk_doc},
    {"guard", guard, METH_O, guard_doc},
    {"cut", cut_short, METH_O, cut_doc},
    {"release", release, METH_O, release_doc},
    {NULL, NULL, 0, NULL}};

static int filled_in(PyObject *module) { return PyModule_AddIntConstant(module, "VERSION", VERSION); }

static PyModuleDef_Slot slots[] = {{Py_mod_exec, (void *)filled_in}, {0, NULL}};

static PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_compiled", "The loop of the symbolic pickle machine, compiled.", 0, methods, slots, NULL,
    NULL, NULL};

PyMODINIT_FUNC PyInit__compiled(void) { return PyModuleDef_Init(&definition); }
