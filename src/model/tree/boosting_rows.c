/* boosting_rows.c - the rows of a node to its two sides, in their order. Large nodes are cut into pieces that are first counted. */
#include <stdlib.h>
#include <string.h>

#include "../../base/memory.h"
#include "../../base/pool.h"
#include "boosting.h"

enum { STRIP = 1024, LEAST_PIECE = 4096 };

typedef struct {
  int32_t node;               /* being divided */
  int32_t begin, count, left; /* of its rows, and how many of them go left: among these, then before these */
} piece;

typedef struct {
  const boost_grower *grower;
  piece *piece;
  int32_t pieces;
} dividing;

static void side_table(const boost_split *split, uint8_t go[BOOST_SLOTS]) {
  for (int b = 0; b < BOOST_SLOTS; b++) go[b] = boost_left(split, (uint8_t)b);
}

static bool count_piece(void *context, int64_t index, lathe_error *error) {
  (void)error;
  const dividing *d = context;
  piece *of = &d->piece[index];
  const boost_node *node = &d->grower->node[of->node];
  if (of->count == node->end - node->begin) return true; /* the split knows */
  uint8_t go[BOOST_SLOTS];
  side_table(&node->split, go);
  const uint8_t *column = d->grower->bins->column + node->split.feature * d->grower->bins->rows;
  const int32_t *order = d->grower->order[node->side] + of->begin;
  int32_t left = 0;
  for (int32_t i = 0; i < of->count; i++) left += go[column[order[i]]];
  of->left = left;
  return true;
}

static void move_rows(const boost_grower *grower, const piece *of) {
  const boost_node *node = &grower->node[of->node];
  uint8_t go[BOOST_SLOTS];
  side_table(&node->split, go);
  const uint8_t *column = grower->bins->column + node->split.feature * grower->bins->rows;
  const int32_t *order = grower->order[node->side] + of->begin;
  int32_t *to = grower->order[1 - node->side];
  int32_t *to_left = to + node->begin + of->left;
  int32_t *to_right = to + node->begin + node->split.left.rows + (of->begin - node->begin - of->left);
  int32_t left[STRIP], right[STRIP];
  for (int32_t begin = 0; begin < of->count; begin += STRIP) {
    int32_t count = of->count - begin < STRIP ? of->count - begin : STRIP, lefts = 0;
    for (int32_t i = 0; i < count; i++) {
      int32_t row = order[begin + i];
      left[lefts] = right[i - lefts] = row;
      lefts += go[column[row]];
    }
    memcpy(to_left, left, (size_t)lefts * sizeof *left);
    memcpy(to_right, right, (size_t)(count - lefts) * sizeof *right);
    to_left += lefts;
    to_right += count - lefts;
  }
}

static bool move_piece(void *context, int64_t index, lathe_error *error) {
  (void)error;
  const dividing *d = context;
  move_rows(d->grower, &d->piece[index]);
  return true;
}

void boost_divide_node(const boost_grower *grower, int32_t node) {
  const boost_node *of = &grower->node[node];
  move_rows(grower, &(piece){node, of->begin, of->end - of->begin, 0});
}

/* From how many go left among the rows of each piece to how many before it. */
static void sum_pieces(dividing *d) {
  int32_t before = 0;
  for (int32_t i = 0; i < d->pieces; i++) {
    piece *of = &d->piece[i];
    if (i == 0 || of->node != of[-1].node) before = 0;
    int32_t left = of->left;
    of->left = before;
    before += left;
  }
}

bool boost_divide_rows(const boost_batch *batch, lathe_error *error) {
  const boost_grower *grower = batch->grower;
  int64_t pieces = 0, rows = 0;
  bool several = false;
  for (int32_t i = 0; i < batch->count; i++) rows += grower->node[batch->list[i]].sum.rows;
  int32_t most = boost_part_rows(rows, LEAST_PIECE, BOOST_PIECE);
  for (int32_t i = 0; i < batch->count; i++) {
    const boost_node *node = &grower->node[batch->list[i]];
    pieces += (node->end - node->begin + most - 1) / most;
    several = several || node->end - node->begin > most;
  }
  dividing d = {.grower = grower};
  d.piece = lathe_memory_new((size_t)pieces, sizeof *d.piece, error);
  if (!d.piece) return false;
  for (int32_t i = 0; i < batch->count; i++) {
    const boost_node *node = &grower->node[batch->list[i]];
    for (int32_t begin = node->begin; begin < node->end; begin += most) {
      int32_t left = node->end - begin;
      d.piece[d.pieces++] = (piece){batch->list[i], begin, left < most ? left : most, 0};
    }
  }
  bool fine = !several || lathe_pool_run(pieces, count_piece, &d, grower->progress, error);
  sum_pieces(&d);
  fine = fine && lathe_pool_run(pieces, move_piece, &d, grower->progress, error);
  free(d.piece);
  return fine;
}
