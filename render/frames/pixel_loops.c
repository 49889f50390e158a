/* The loops over pixels: a few operations for each. Libraries take several times as long: numpy makes an array for each
   step, Pillow four copies of the picture, FFmpeg's converter filters with eight pixels around each. */

#define Py_LIMITED_API 0x030B0000 /* one wheel for Python 3.11 and later */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <string.h>

/* Integers alone: the same on every processor. Where it can be chosen when the program starts, one with vectors of 32
   bytes has them used. */
#if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__)
#define ON_EACH_PROCESSOR __attribute__((target_clones("avx2", "default")))
#else
#define ON_EACH_PROCESSOR
#endif

enum { CELL = 64 }; /* pixels that are looked at together */

static void release(Py_buffer *array, int count)
{
    while (count--)
        PyBuffer_Release(array + count);
}

/* Whether so many arrays could be had, the first to be read and the others to be written to; if not, none is held. */
static int hold(PyObject *const *object, Py_buffer *array, int count)
{
    for (int held = 0; held < count; held++)
        if (PyObject_GetBuffer(object[held], array + held, PyBUF_C_CONTIGUOUS | (held ? PyBUF_WRITABLE : 0))) {
            release(array, held);
            return 0;
        }
    return 1;
}

/* -- take_up: pictures that follow each other, in the encoder's colours; what differs is found and converted --------- */

/* BT.709 with 16 to 235 for Y and 16 to 240 for U and V (ITU-R BT.709-6, 3.2 to 3.4), in parts of 1 << ONE. Those of U
   and of V add up to nothing: what is grey stays so. */
enum { ONE = 15, HALF = 1 << (ONE - 1), BLACK = 16, GREY = 128 };
enum { Y_RED = 5983, Y_GREEN = 20127, Y_BLUE = 2032 };
enum { U_RED = -3298, U_GREEN = -11094, U_BLUE = 14392 };
enum { V_RED = 14392, V_GREEN = -13072, V_BLUE = -1320 };

static inline int red(uint32_t pixel) { return pixel & 255; }
static inline int green(uint32_t pixel) { return pixel >> 8 & 255; }
static inline int blue(uint32_t pixel) { return pixel >> 16 & 255; }

static inline void convert_row(const uint32_t *restrict pixels, uint8_t *restrict y, int count)
{
    for (int i = 0; i < count; i++) {
        uint32_t pixel = pixels[i];
        y[i] = (Y_RED * red(pixel) + Y_GREEN * green(pixel) + Y_BLUE * blue(pixel) + (BLACK << ONE) + HALF) >> ONE;
    }
}

/* U and V in turn, each of the mean of four pixels: two of a row and two of the next. */
static inline void convert_rows(const uint32_t *restrict upper, const uint32_t *restrict lower, uint8_t *restrict uv,
                                int count)
{
    enum { FOUR = ONE + 2, HALF_OF_FOUR = 1 << (FOUR - 1) };
    const uint32_t others = 0x00ff00ff; /* red and blue, with room for their sums */
    for (int i = 0; i < count; i++) {
        uint32_t a = upper[2 * i], b = upper[2 * i + 1], c = lower[2 * i], d = lower[2 * i + 1];
        uint32_t both = (a & others) + (b & others) + (c & others) + (d & others);
        int r = both & 0xffff, g = green(a) + green(b) + green(c) + green(d), bl = both >> 16;
        uv[2 * i] = (U_RED * r + U_GREEN * g + U_BLUE * bl + (GREY << FOUR) + HALF_OF_FOUR) >> FOUR;
        uv[2 * i + 1] = (V_RED * r + V_GREEN * g + V_BLUE * bl + (GREY << FOUR) + HALF_OF_FOUR) >> FOUR;
    }
}

struct picture {
    Py_ssize_t width;
    const uint32_t *shown; /* red is the lowest byte */
    uint32_t *known;
    uint8_t *y, *uv;
};

struct tiles {
    int width, height; /* pixels */
    Py_ssize_t columns;
    uint8_t *marked; /* the first of a row is at its second column, see `runs` in pictures.py */
};

ON_EACH_PROCESSOR
static void take_up(struct picture picture, struct tiles tiles, int left, int right, int top, int bottom)
{
    for (int row = top; row < bottom; row += 2) {
        uint8_t *marked = tiles.marked + row / tiles.height * tiles.columns;
        for (int column = left; column < right; column += CELL) {
            int count = right - column < CELL ? right - column : CELL;
            size_t bytes = count * sizeof(uint32_t);
            Py_ssize_t upper = row * picture.width + column, lower = upper + picture.width;
            const uint32_t *shown = picture.shown;
            uint32_t *known = picture.known;
            if (!memcmp(known + upper, shown + upper, bytes) && !memcmp(known + lower, shown + lower, bytes))
                continue;
            memcpy(known + upper, shown + upper, bytes);
            memcpy(known + lower, shown + lower, bytes);
            convert_row(known + upper, picture.y + upper, count);
            convert_row(known + lower, picture.y + lower, count);
            convert_rows(known + upper, known + lower, picture.uv + row / 2 * picture.width + column, count / 2);
            for (int tile = column / tiles.width; tile <= (column + count - 1) / tiles.width; tile++)
                marked[tile] = 1;
        }
    }
}

PyDoc_STRVAR(take_up_doc, "take_up(shown, known, planes, marked, box, tile, /)\n--\n\nSee pixel_loops.pyi.");

enum { SHOWN, KNOWN, Y, UV, MARKED, ARRAYS };

static int has_shape(const Py_buffer *array, int dimensions, Py_ssize_t rows, Py_ssize_t columns)
{
    return array->itemsize == 1 && array->ndim == dimensions && array->shape[0] == rows && array->shape[1] == columns &&
           (dimensions == 2 || array->shape[2] == 4);
}

static int is_in(const int box[4], const Py_buffer *picture)
{
    return 0 <= box[0] && box[1] <= picture->shape[1] && 0 <= box[2] && box[3] <= picture->shape[0];
}

static int fit_together(const Py_buffer *array, const int box[4], const int tile[2])
{
    if (array[SHOWN].ndim != 3 || array[MARKED].ndim != 2 || tile[0] < 2 || tile[1] < 2 || (tile[0] | tile[1]) & 1)
        return 0;
    Py_ssize_t height = array[SHOWN].shape[0], width = array[SHOWN].shape[1];
    Py_ssize_t rows = (height + tile[1] - 1) / tile[1], columns = (width + tile[0] - 1) / tile[0];
    return !((height | width | box[0] | box[1] | box[2] | box[3]) & 1) && has_shape(array + SHOWN, 3, height, width) &&
           has_shape(array + KNOWN, 3, height, width) && has_shape(array + Y, 2, height, width) &&
           has_shape(array + UV, 2, height / 2, width) &&
           has_shape(array + MARKED, 2, rows, 1 + columns + 1) && is_in(box, array + SHOWN);
}

static PyObject *py_take_up(PyObject *module, PyObject *arguments)
{
    PyObject *object[ARRAYS], *result = NULL;
    Py_buffer array[ARRAYS];
    int box[4], tile[2]; /* left, right, top, bottom; width, height */
    if (!PyArg_ParseTuple(arguments, "OO(OO)O(iiii)(ii)", object + SHOWN, object + KNOWN, object + Y, object + UV,
                          object + MARKED, box, box + 1, box + 2, box + 3, tile, tile + 1))
        return NULL;
    if (!hold(object, array, ARRAYS))
        return NULL;
    if (!fit_together(array, box, tile)) {
        PyErr_SetString(PyExc_ValueError, "arrays, box and tile do not fit together");
        goto end;
    }
    struct picture picture = {array[SHOWN].shape[1], array[SHOWN].buf, array[KNOWN].buf, array[Y].buf, array[UV].buf};
    struct tiles tiles = {tile[0], tile[1], array[MARKED].shape[1], (uint8_t *)array[MARKED].buf + 1};
    Py_BEGIN_ALLOW_THREADS
    take_up(picture, tiles, box[0], box[1], box[2], box[3]);
    Py_END_ALLOW_THREADS
    result = Py_NewRef(Py_None);
end:
    release(array, ARRAYS);
    return result;
}

/* -- straighten: colours freed of their alpha ------------------------------------------------------------------------ */

static inline uint32_t divided(uint32_t color, uint32_t factor)
{
    uint32_t straight = color * factor >> 16;
    return straight < 255 ? straight : 255; /* Cairo's colours are at most their alpha; a scene's own pixels may not be */
}

/* Nothing that is partly seen through is among them. */
static inline int are_straight(const uint32_t *pixels, int count)
{
    uint32_t mixed = 0;
    for (int i = 0; i < count; i++)
        mixed |= ((pixels[i] >> 24) + 1) & 254;
    return !mixed;
}

ON_EACH_PROCESSOR
static void straighten(const uint32_t *shown, uint32_t *freed, Py_ssize_t width, int left, int right, int top,
                       int bottom)
{
    uint32_t factors[256]; /* 255 / alpha in parts of 1 << 16, rounded up: 255 * color / alpha is exact by it */
    for (uint32_t alpha = 1; alpha < 256; alpha++)
        factors[alpha] = ((255 << 16) + alpha - 1) / alpha;
    factors[0] = 1 << 16;
    for (Py_ssize_t row = top; row < bottom; row++) {
        for (int column = left; column < right; column += CELL) {
            int count = right - column < CELL ? right - column : CELL;
            const uint32_t *from = shown + row * width + column;
            uint32_t *to = freed + row * width + column;
            if (are_straight(from, count)) {
                memmove(to, from, count * sizeof(uint32_t));
                continue;
            }
            for (int i = 0; i < count; i++) {
                uint32_t pixel = from[i], factor = factors[pixel >> 24];
                to[i] = divided(red(pixel), factor) | divided(green(pixel), factor) << 8 |
                        divided(blue(pixel), factor) << 16 | (pixel & 255u << 24);
            }
        }
    }
}

PyDoc_STRVAR(straighten_doc, "straighten(shown, freed, box, /)\n--\n\nSee pixel_loops.pyi.");

static PyObject *py_straighten(PyObject *module, PyObject *arguments)
{
    PyObject *object[2], *result = NULL;
    Py_buffer array[2];
    int box[4]; /* left, right, top, bottom */
    if (!PyArg_ParseTuple(arguments, "OO(iiii)", object, object + 1, box, box + 1, box + 2, box + 3))
        return NULL;
    if (!hold(object, array, 2))
        return NULL;
    if (array->ndim != 3 || !has_shape(array, 3, array->shape[0], array->shape[1]) ||
        !has_shape(array + 1, 3, array->shape[0], array->shape[1]) || !is_in(box, array)) {
        PyErr_SetString(PyExc_ValueError, "arrays and box do not fit together");
        goto end;
    }
    Py_BEGIN_ALLOW_THREADS
    straighten(array[0].buf, array[1].buf, array->shape[1], box[0], box[1], box[2], box[3]);
    Py_END_ALLOW_THREADS
    result = Py_NewRef(Py_None);
end:
    release(array, 2);
    return result;
}

/* -- run_lengths: a packet of QuickTime Animation, 32 bits a pixel ----------------------------------------------------

   Of each line: how many pixels are as before, then codes, each of a byte. More than 0: so many pixels follow. Less: the
   pixel that follows, so often. 0: so many more are as before. LINE_ENDS. Counts of those as before are said as one more
   than they are (0 ends the picture). All as FFmpeg writes it, and decodes it (libavcodec/qtrleenc.c, qtrle.c). */

enum { LINE_ENDS = 255, MOST_COPIED = 127, MOST_REPEATED = 128, MOST_SKIPPED = 254 };
enum { HEAD = 4 + 2 + 8, MOST_OF_PIXEL = 1 + 4, MOST_OF_LINE = 2, FOOT = 1 }; /* bytes */

static inline uint8_t *put_number(uint8_t *packet, uint32_t number, int bytes)
{
    while (bytes--)
        *packet++ = number >> 8 * bytes;
    return packet;
}

static inline uint8_t *put_pixel(uint8_t *packet, uint32_t pixel)
{
    uint32_t alpha_first = pixel << 8 | pixel >> 24;
    memcpy(packet, &alpha_first, sizeof alpha_first);
    return packet + sizeof alpha_first;
}

/* How many pixels, at most so many, are the same in both. */
static inline int alike(const uint32_t *one, const uint32_t *other, int most)
{
    int count = 0;
    while (count + CELL <= most && !memcmp(one + count, other + count, CELL * sizeof *one))
        count += CELL;
    while (count < most && one[count] == other[count])
        count++;
    return count;
}

/* How often the first pixel comes one after the other. */
static inline int repeated(const uint32_t *shown, int most)
{
    int count = 1;
    while (count < most && shown[count] == shown[0])
        count++;
    return count;
}

static inline int least(int one, int other) { return one < other ? one : other; }

/* How many pixels come before one that is as before, or as the next: to interrupt what is copied pays at once. */
static inline int copied(const uint32_t *shown, const uint32_t *known, int most)
{
    int count = 1;
    while (count < most && !(known && shown[count] == known[count]) &&
           !(count + 1 < most && shown[count] == shown[count + 1]))
        count++;
    return count;
}

/* `known`: the line before, NULL for none. */
static uint8_t *put_line(uint8_t *packet, const uint32_t *shown, const uint32_t *known, int width)
{
    int at = known ? alike(shown, known, least(width, MOST_SKIPPED)) : 0;
    *packet++ = at + 1;
    while (at < width) {
        int same = known ? alike(shown + at, known + at, width - at) : 0;
        int equal = repeated(shown + at, least(width - at, MOST_REPEATED));
        if (at + same == width)
            break;
        if (same && same >= equal) {
            for (at += same; same > 0; same -= MOST_SKIPPED) {
                *packet++ = 0;
                *packet++ = least(same, MOST_SKIPPED) + 1;
            }
        } else if (equal > 1) {
            *packet++ = -equal;
            packet = put_pixel(packet, shown[at]);
            at += equal;
        } else {
            int count = copied(shown + at, known ? known + at : NULL, least(width - at, MOST_COPIED));
            *packet++ = count;
            while (count--)
                packet = put_pixel(packet, shown[at++]);
        }
    }
    *packet++ = LINE_ENDS;
    return packet;
}

static Py_ssize_t run_lengths(const uint32_t *shown, uint32_t *known, int height, int width, int is_key,
                              uint8_t *packet)
{
    size_t line = width * sizeof *shown;
    int first = 0, after = height;
    if (!is_key) {
        while (first < height && !memcmp(shown + (size_t)first * width, known + (size_t)first * width, line))
            first++;
        while (after > first && !memcmp(shown + (size_t)(after - 1) * width, known + (size_t)(after - 1) * width, line))
            after--;
    }
    uint8_t *end = packet + 4; /* where how long it is will be said */
    if (after - first == height || after == first) {
        end = put_number(end, 0, 2);
    } else {
        end = put_number(end, 8, 2);
        end = put_number(end, first, 2);
        end = put_number(end, 0, 2);
        end = put_number(end, after - first, 2);
        end = put_number(end, 0, 2);
    }
    for (int row = first; row < after; row++)
        end = put_line(end, shown + (size_t)row * width, is_key ? NULL : known + (size_t)row * width, width);
    *end++ = 0;
    put_number(packet, end - packet, 4);
    memcpy(known + (size_t)first * width, shown + (size_t)first * width, (after - first) * line);
    return end - packet;
}

PyDoc_STRVAR(run_lengths_doc, "run_lengths(shown, known, is_key, packet, /)\n--\n\nSee pixel_loops.pyi.");

static PyObject *py_run_lengths(PyObject *module, PyObject *arguments)
{
    enum { PACKET = 2 }; /* after SHOWN and KNOWN */
    PyObject *object[3], *result = NULL;
    Py_buffer array[3];
    int is_key;
    if (!PyArg_ParseTuple(arguments, "OOpO", object, object + KNOWN, &is_key, object + PACKET))
        return NULL;
    if (!hold(object, array, 3))
        return NULL;
    Py_ssize_t height = array->ndim == 3 ? array->shape[0] : 0, width = array->ndim == 3 ? array->shape[1] : 0, size;
    if (!height || height > UINT16_MAX || !width || width > UINT16_MAX || !has_shape(array, 3, height, width) ||
        !has_shape(array + KNOWN, 3, height, width) ||
        array[PACKET].len < HEAD + height * (width * MOST_OF_PIXEL + MOST_OF_LINE) + FOOT) {
        PyErr_SetString(PyExc_ValueError, "arrays do not fit together");
        goto end;
    }
    Py_BEGIN_ALLOW_THREADS
    size = run_lengths(array[SHOWN].buf, array[KNOWN].buf, height, width, is_key, array[PACKET].buf);
    Py_END_ALLOW_THREADS
    result = PyLong_FromSsize_t(size);
end:
    release(array, 3);
    return result;
}

static PyMethodDef methods[] = {{"take_up", py_take_up, METH_VARARGS, take_up_doc},
                                {"straighten", py_straighten, METH_VARARGS, straighten_doc},
                                {"run_lengths", py_run_lengths, METH_VARARGS, run_lengths_doc},
                                {NULL, NULL, 0, NULL}};
static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "pixel_loops", .m_size = 0, .m_methods = methods};

PyMODINIT_FUNC PyInit_pixel_loops(void) { return PyModuleDef_Init(&definition); }
