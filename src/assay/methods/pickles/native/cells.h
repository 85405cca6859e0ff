/* What stands on the symbolic stack and in the memo, eight bytes each.

   A cell is one of
     > 0      a constant: the place of its opcode in the file, plus one
     PLAIN    plain data that is not remembered
     ABSENT   a memo entry that was never put
     ALIAS    plain data fetched from the memo
     other    the negative of a node's address: a tuple, the first items of a container, or a Python object

   Nodes are counted, and linked to one another so that even a ring of them is freed with the walk. Nothing here
   calls itself: what holds what is walked by lists. */

#ifndef ASSAY_CELLS_H
#define ASSAY_CELLS_H

#define Py_LIMITED_API 0x030B0000
#include <Python.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef int64_t cell;
#define PLAIN ((cell)0)
#define ABSENT ((cell)-1)
#define ALIAS ((cell)-2)

#define WIDTH 16
#define ROOM (2 * WIDTH)
#define DEPTH 6
#define NODE_LIMIT ((int64_t)6000000)

enum kind { N_OBJECT, N_TUPLE, N_BAG };
/* what Python says of an object, once */
enum trait {
    T_GUARDED = 1, T_WRAPPER = 2, T_INERT = 4, T_CALLED = 8, T_FORGOTTEN = 16, T_LIST = 32, T_DICT = 64, T_NAME = 128
};

typedef struct node {
    int64_t refs;
    struct node *before, *after; /* of all nodes */
    struct node *made;           /* what each call of it gives, where T_CALLED */
    struct node *todo;           /* the next to be freed, or filled */
    PyObject *py;                /* the Python object, once there is one */
    cell *items;
    uint8_t kind, deep, plain, more, count, room, traits, shape;
} node;

typedef struct {
    cell *at;
    int64_t count, room;
} cells;

static inline int is_node(cell c) { return c < -16; }
static inline node *node_of(cell c) { return (node *)(uintptr_t)(-c); }
static inline cell cell_of(node *n) { return -(cell)(uintptr_t)n; }
static inline int is_kind(cell c, int kind) { return is_node(c) && node_of(c)->kind == kind; }

static int cells_grow(cells *s, int64_t least)
{
    int64_t room = s->room ? s->room : 256;
    while (room < least) {
        if (room > INT64_MAX / 32)
            return -1;
        room += room / 2;
    }
    if ((uint64_t)room > SIZE_MAX / sizeof(cell))
        return -1;
    cell *more = realloc(s->at, (size_t)room * sizeof(cell));
    if (more == NULL)
        return -1;
    s->at = more;
    s->room = room;
    return 0;
}

static inline int cells_push(cells *s, cell c)
{
    if (s->count == s->room && cells_grow(s, s->count + 1) < 0)
        return -1;
    s->at[s->count++] = c;
    return 0;
}

/* ---- nodes */

typedef struct {
    node *all;
    int64_t count;
} heap;

static node *node_new(heap *h, int kind, unsigned room)
{
    if (h->count >= NODE_LIMIT)
        return NULL;
    node *n = malloc(sizeof(node) + (kind == N_TUPLE ? room * sizeof(cell) : 0));
    if (n == NULL)
        return NULL;
    memset(n, 0, sizeof(node));
    n->refs = 1;
    n->kind = (uint8_t)kind;
    n->deep = 1;
    n->plain = 1;
    if (kind == N_TUPLE) {
        n->items = (cell *)(n + 1);
        n->room = (uint8_t)room;
    }
    n->after = h->all;
    if (h->all)
        h->all->before = n;
    h->all = n;
    h->count++;
    return n;
}

static void node_unlink(heap *h, node *n)
{
    if (n->before)
        n->before->after = n->after;
    else
        h->all = n->after;
    if (n->after)
        n->after->before = n->before;
    h->count--;
}

static inline cell held(cell c)
{
    if (is_node(c))
        node_of(c)->refs++;
    return c;
}

static void node_drop(heap *h, node *first)
{
    node *todo = first;
    first->todo = NULL;
    while (todo) {
        node *n = todo;
        todo = n->todo;
        for (unsigned i = 0; i < n->count; i++)
            if (is_node(n->items[i])) {
                node *inner = node_of(n->items[i]);
                if (--inner->refs == 0) {
                    inner->todo = todo;
                    todo = inner;
                }
            }
        if (n->made && --n->made->refs == 0) {
            n->made->todo = todo;
            todo = n->made;
        }
        PyObject *py = n->py;
        if (n->kind == N_BAG)
            free(n->items);
        node_unlink(h, n);
        free(n);
        Py_XDECREF(py);
    }
}

static inline void dropped(heap *h, cell c)
{
    if (is_node(c)) {
        node *n = node_of(c);
        if (--n->refs == 0)
            node_drop(h, n);
    }
}

static void heap_free(heap *h)
{
    node *n = h->all;
    h->all = NULL;
    while (n) {
        node *after = n->after;
        Py_XDECREF(n->py);
        if (n->kind == N_BAG)
            free(n->items);
        free(n);
        n = after;
    }
    h->count = 0;
}

/* ---- tuples and bags: as Tup and Bag of values.py remember them */

/* Takes over the references of the items; NULL where there is no memory. */
static node *tuple_new(heap *h, const cell *items, int64_t count)
{
    unsigned kept = count > WIDTH ? WIDTH : (unsigned)count;
    node *n = node_new(h, N_TUPLE, kept + (count > WIDTH));
    if (n == NULL)
        return NULL;
    for (unsigned i = 0; i < kept; i++) {
        cell c = items[i];
        n->items[i] = c;
        if (!is_node(c))
            continue;
        node *inner = node_of(c);
        if (inner->kind == N_OBJECT) {
            n->plain = 0;
            continue;
        }
        if (inner->deep >= DEPTH) { /* deeper ones are forgotten, so that none can pile up */
            n->items[i] = PLAIN;
            dropped(h, c);
            continue;
        }
        if (inner->deep + 1 > n->deep)
            n->deep = (uint8_t)(inner->deep + 1);
        n->plain = n->plain && inner->kind == N_TUPLE && inner->plain;
    }
    n->count = (uint8_t)kept;
    if (count > WIDTH) {
        n->items[n->count++] = PLAIN;
        for (int64_t i = WIDTH; i < count; i++)
            dropped(h, items[i]);
    }
    return n;
}

static node *bag_new(heap *h, int shape)
{
    node *n = node_new(h, N_BAG, 0);
    if (n)
        n->shape = (uint8_t)shape;
    return n;
}

/* Takes over the references of the items; -1 where there is no memory. */
static int bag_add(heap *h, node *bag, const cell *items, int64_t count)
{
    unsigned room = ROOM - bag->count;
    unsigned kept = count > room ? room : (unsigned)count;
    if (count > room)
        bag->more = 1;
    if (bag->count + kept > bag->room) {
        unsigned wider = bag->room ? bag->room : 4;
        while (wider < bag->count + kept)
            wider *= 2;
        cell *more = realloc(bag->items, wider * sizeof(cell));
        if (more == NULL)
            return -1;
        bag->items = more;
        bag->room = (uint8_t)wider;
    }
    for (unsigned i = 0; i < kept; i++) {
        cell c = items[i];
        if (is_node(c) && node_of(c)->kind != N_OBJECT) {
            node *inner = node_of(c);
            if (inner == bag || inner->deep >= DEPTH) {
                dropped(h, c);
                c = PLAIN;
            } else if (inner->deep + 1 > bag->deep)
                bag->deep = (uint8_t)(inner->deep + 1);
        }
        bag->items[bag->count++] = c;
    }
    for (int64_t i = kept; i < count; i++)
        dropped(h, items[i]);
    return 0;
}

#endif
