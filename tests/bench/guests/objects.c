/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Typical data structures of kernels: a search tree, doubly linked lists with their
 * nodes from a free list, and objects that are called through tables of functions.
 */
#include "tests/bench/guests/guest.h"

enum { NODES = 1 << 9, ROUNDS = 300, LOOKUPS = 1 << 15 };

const char bench_name[] = "objects";

typedef struct Link {
    struct Link *next, *prev;
} Link;

typedef struct Node Node;

typedef struct {
    uint64_t (*get)(const Node *node);
    void (*put)(Node *node, uint64_t value);
} Operations;

struct Node {
    Link link;                  /* first: a link is its node */
    Node *left, *right;
    const Operations *operations;
    uint64_t key, value;
    uint32_t uses, state;
};

static Node nodes[NODES];
static Link free_nodes, used_nodes;
static Node *root;

/* ---- Lists ---- */

static void list_init(Link *list)
{
    list->next = list->prev = list;
}

static void list_add_tail(Link *list, Link *link)
{
    link->next = list;
    link->prev = list->prev;
    list->prev->next = link;
    list->prev = link;
}

static void list_del(Link *link)
{
    link->next->prev = link->prev;
    link->prev->next = link->next;
}

/* ---- Objects ---- */

static uint64_t plain_get(const Node *node)
{
    return node->value;
}

static void plain_put(Node *node, uint64_t value)
{
    node->value = value;
}

static uint64_t counting_get(const Node *node)
{
    return node->value + node->uses;
}

static void counting_put(Node *node, uint64_t value)
{
    node->uses++;
    node->value ^= value;
}

static uint64_t turning_get(const Node *node)
{
    return node->value << 7 | node->value >> 57;
}

static void turning_put(Node *node, uint64_t value)
{
    node->state = node->state % 5 + 1;
    node->value += value << node->state;
}

static const Operations operations[] = {
    { plain_get, plain_put },
    { counting_get, counting_put },
    { turning_get, turning_put },
};

/* ---- The tree ---- */

static Node **find(uint64_t key)
{
    Node **at = &root;

    while (*at && (*at)->key != key)
        at = key < (*at)->key ? &(*at)->left : &(*at)->right;
    return at;
}

static void insert(uint64_t key, uint64_t kind)
{
    Node **at = find(key), *node;

    if (*at || free_nodes.next == &free_nodes)
        return;
    node = (Node *)free_nodes.next;
    list_del(&node->link);
    list_add_tail(&used_nodes, &node->link);
    *node = (Node){ .link = node->link, .key = key, .operations = &operations[kind % 3] };
    *at = node;
}

static uint64_t use(uint64_t *state, uint64_t sum)
{
    for (int i = 0; i < LOOKUPS; i++) {
        Node *node = *find(bench_random(state) % (NODES * 2));

        if (!node)
            continue;
        node->operations->put(node, sum);
        sum = bench_mix(sum, node->operations->get(node));
        list_del(&node->link);
        list_add_tail(&used_nodes, &node->link);
    }
    return sum;
}

uint64_t bench_run(void)
{
    uint64_t state = 977, sum = 0;

    for (int round = 0; round < ROUNDS; round++) {
        root = NULL;
        list_init(&free_nodes);
        list_init(&used_nodes);
        for (int i = 0; i < NODES; i++)
            list_add_tail(&free_nodes, &nodes[i].link);
        for (int i = 0; i < NODES; i++)
            insert(bench_random(&state) % (NODES * 2), bench_random(&state));
        sum = use(&state, sum);
        for (Link *link = used_nodes.next; link != &used_nodes; link = link->next)
            sum = bench_mix(sum, ((Node *)link)->operations->get((Node *)link));
    }
    return sum;
}
