/* network.h - dense networks, trained by the gradients of small batches.
 *
 * All parameters stand in one array of float32. A layer's weights are in panels (graph/product.h): of panel p the row for input i is
 * weights[(p * in + i) * LATHE_PANEL]; columns beyond the last output are 0 and stay so. Behind them stand biases, and with batch norm gamma
 * and beta, (panels * LATHE_PANEL) each.
 *
 * A batch is cut into blocks of rows, and the blocks into lanes, by the number of rows alone. A lane goes through its blocks one after the
 * other - forward, loss, backward - and adds up their gradients; then the lanes' gradients are added in order, and each parameter makes
 * its step. So any number of threads gives the same bits.
 *
 *   network_model.c    options and target to a model     network_rows.c     features as float32, batches
 *   network.c          the epochs                        network_pass.c     a block forward and backward
 *   network_shape.c    layers and first parameters       network_norm.c     batch norm
 *   network_update.c   optimizers, the learning rate     network_loss.c     losses
 *   network_graph.c    layers to operators, and back     network_checkpoint.c  a training that goes on later */
#ifndef LATHE_MODEL_NETWORK_H
#define LATHE_MODEL_NETWORK_H

#include "../../graph/product.h"
#include "../fit.h"

enum { NETWORK_BLOCK = 128, NETWORK_LANES = 16, NETWORK_LAYERS = 64, NETWORK_UNITS = 65536 };
#define NETWORK_NORM_EPSILON 1e-5F

typedef enum network_loss {
  NETWORK_SQUARED, /* of numbers, standardised: half the square of the distance, the mean over targets */
  NETWORK_BINARY,  /* of two classes: one output, the log odds of the second */
  NETWORK_CLASSES, /* of several: an output each */
} network_loss;

typedef struct network_layer {
  int32_t in, out, panels; /* panels of outputs */
  int64_t weights, bias;   /* where they begin among the parameters */
  int64_t gamma, beta;     /* with batch norm */
  int64_t transposed;      /* in network_net.transposed: panels of inputs, rows of outputs */
  int32_t statistics;      /* in network_net.mean and .variance */
  lathe_activation activation;
  bool norm, frozen;
  float dropout; /* the part of its outputs that a batch does without */
} network_layer;

/* A category among the features: its code picks a row of `values`, the last one for missing and unknown. */
typedef struct network_embedding {
  int32_t column; /* of the features */
  int32_t codes;  /* known ones; values is (codes + 1, width) */
  int32_t width;
  int32_t place;  /* of its first value among the inputs of the first layer */
  int64_t values; /* where they begin among the parameters */
} network_embedding;

typedef struct network_net {
  int32_t features; /* columns of the matrix */
  int32_t numbers;  /* of them, those that are no category: the first inputs of the first layer */
  int32_t *number;  /* (numbers) their columns */
  int32_t embeddings;
  network_embedding *embedding;
  int32_t layers; /* the last one is the head */
  network_layer *layer;
  int64_t parameters, transposed_size;
  int32_t statistics;
  float *parameter;
  float *transposed;      /* weights the other way round, for the way back */
  float *mean, *variance; /* (statistics) of batch norm: running ones */
} network_net;

/* Rows as they are learned from. */
typedef struct network_rows {
  int64_t rows; /* of the table */
  int32_t features;
  float *matrix;       /* (rows, features) */
  const float *number; /* (rows, targets) standardised; NULL: classes */
  const int32_t *code; /* (rows) */
  const float *weight; /* (rows) with mean 1; NULL: all 1 */
} network_rows;

/* Room for a block on its way through the net. Values are row-major with steps of an odd number of cache lines. */
typedef struct network_scratch {
  struct network_scratch *next;
  float *input;                                         /* (rows, in) */
  float *value[NETWORK_LAYERS], *slope[NETWORK_LAYERS]; /* behind the activation; slope of GELU */
  float *norm[NETWORK_LAYERS];                          /* with batch norm: the standardised values */
  float *spread[NETWORK_LAYERS];                        /* 1 / deviation of each column */
  float *delta[2];
  float *memory;
} network_scratch;

/* What a lane adds up. */
typedef struct network_lane {
  float *gradient;        /* (parameters) */
  float *mean, *variance; /* (statistics) sums over its blocks */
  double loss;            /* sum over its rows */
  int32_t blocks;
} network_lane;

/* Parameters that make their step in one go: of a panel of weights, or others that lie together. */
typedef struct network_unit {
  int64_t begin, end;
  int32_t layer, panel; /* panel -1: no weights */
} network_unit;

typedef struct network_point {
  double train, valid; /* mean loss of a row; NaN: none */
  double rate;
} network_point;

/* Where a training stands. */
typedef struct network_training {
  const lathe_network_options *options;
  network_net *net;
  network_loss loss;
  const network_rows *rows;
  int32_t *learn, *validate; /* rows of each part */
  int64_t learned, validated;
  lathe_progress *progress;
  const char *digest; /* of everything that the result follows from, for checkpoints; NULL: none are made */
  /* what changes */
  int32_t epoch;          /* epochs done */
  int64_t batch;          /* batches done in this epoch */
  int64_t step;           /* batches done */
  double sum, sum_rows;   /* losses of this epoch so far */
  float *first, *second;  /* (parameters) moments; NULL: the optimizer has none */
  float *best;            /* (parameters, then mean and variance) after the best epoch */
  network_point *curve;   /* (epochs) */
  int32_t best_epoch;     /* from 1; 0: none yet */
  double plateau_rate;    /* what plateaus have made of the learning rate, as a factor */
  double plateau_best;    /* the loss that has to be beaten */
  int32_t plateau_epochs; /* since it was */
  /* room */
  int32_t *order; /* (learned) of this epoch */
  int32_t lanes;
  network_lane lane[NETWORK_LANES];
  network_unit *unit;
  int32_t units;
  struct network_pool *pool;
} network_training;

/* ---- network_shape.c ---- */

/* Lay the parameters out and draw them. Layers have their in, out, activation, norm, dropout; embeddings codes and width. */
bool network_shape(network_net *net, lathe_error *error);
void network_draw(network_net *net, uint64_t seed);
void network_draw_head(network_net *net, uint64_t seed); /* the last layer alone */
void network_transpose(network_net *net, int32_t layer,
                       int32_t panel); /* weights of one panel to `transposed` */
void network_free(network_net *net);
int64_t network_step(int32_t width); /* elements from row to row of a block of values */

/* ---- network_pass.c ---- */

network_scratch *network_scratch_new(const network_net *net, bool training, lathe_error *error);
void network_scratch_free(network_scratch *scratch);

/* Rows `row` of a block: values of all layers. Training draws what drops out, and measures columns for batch norm. `statistics` NULL: as in
 * the finished model. `first` is the place of the block's first row in its batch. */
typedef struct network_block {
  const network_net *net;
  const network_rows *rows;
  const int32_t *row; /* (count) */
  int32_t count, first;
  uint32_t key; /* of what drops out; of this batch */
  network_scratch *scratch;
  network_lane *lane; /* NULL: not in training */
} network_block;
void network_forward(const network_block *block);

/* From the gradient of the loss by the last layer's values, in scratch->delta[0], to that by all parameters; the lane's are added to. */
void network_backward(const network_block *block);

/* ---- network_norm.c ---- */

void network_norm_forward(const network_block *block, int32_t layer);
void network_norm_backward(const network_block *block, int32_t layer, float *delta);

/* ---- network_loss.c ---- */

/* The sum of the losses of a block's rows, by their weights. `delta` (NULL: not wanted) gets the gradient times `scale`. */
double network_loss_of(network_loss loss, const network_block *block, float scale, float *delta);

/* ---- network_update.c ---- */

/* The learning rate of the next step. */
double network_rate(const network_training *t, int64_t batches);

/* The units of all layers that are not frozen. */
bool network_units(network_training *t, lathe_error *error);

/* All lanes' gradients to a step of all parameters. */
bool network_update(network_training *t, double rate, lathe_error *error);
bool network_has_moment(const lathe_network_options *options, int which);

/* ---- network.c ---- */

/* Train `t->net` by its options; the best parameters are in it then. False with an error when it was cancelled or the loss exploded. */
bool network_train(network_training *t, lathe_error *error);
void network_training_free(network_training *t);

/* The mean loss of `count` rows, as the finished model has it. */
bool network_measure(network_training *t, const int32_t *row, int64_t count, double *loss,
                     lathe_error *error);

/* ---- network_checkpoint.c ---- */

bool network_checkpoint_write(const network_training *t, lathe_error *error);
bool network_checkpoint_read(network_training *t, lathe_error *error); /* when there is one */

#endif
