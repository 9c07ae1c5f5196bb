/* SPDX-License-Identifier: BSD-3-Clause
 *
 * mandelbrot FILE: the ranks draw a picture of the Mandelbrot set together, each every size-th row. Rank 0 gathers
 * the rows, writes them to FILE (PNG) and says what each rank did.
 */
#include <math.h>
#include <mpi.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { WIDTH = 1200, HEIGHT = 800, ROW = 1 + 3 * WIDTH, LIMIT = 1500 }; /* a row of PNG: its filter, then the pixels */

/* What one rank did. */
struct share {
    char host[64];
    int rows;
    double seconds; /* of its processor */
};

static uint8_t shade(double t, double phase)
{
    return (uint8_t)(127.5 - 127.5 * cos(6.2831853 * (t + phase)));
}

/* The colour of one point of the plane: black inside the set, by the time to escape outside. */
static void draw_point(uint8_t rgb[3], double cx, double cy)
{
    double x = 0, y = 0;
    int n = 0;
    for (; n < LIMIT && x * x + y * y < 256; n++) {
        double next = x * x - y * y + cx;
        y = 2 * x * y + cy;
        x = next;
    }
    memset(rgb, 0, 3);
    if (n == LIMIT)
        return;
    double t = sqrt((n + 1 - log2(log2(x * x + y * y) / 2)) / 60);
    rgb[0] = shade(t, 0.02);
    rgb[1] = shade(t, -0.08);
    rgb[2] = shade(t, -0.2);
}

static void draw_row(uint8_t *row, int j)
{
    const double left = -2.35, right = 1.05, step = (right - left) / WIDTH;
    row[0] = 0;
    for (int i = 0; i < WIDTH; i++)
        draw_point(row + 1 + 3 * i, left + (i + 0.5) * step, (HEIGHT / 2 - j - 0.5) * step);
}

static void put32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> (24 - 8 * i));
}

static uint32_t crc32(uint32_t crc, const uint8_t *p, size_t n)
{
    crc = ~crc;
    while (n--) {
        crc ^= *p++;
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
    }
    return ~crc;
}

static uint32_t adler32(const uint8_t *p, size_t n)
{
    uint32_t a = 1, b = 0;
    while (n--) {
        a = (a + *p++) % 65521;
        b = (b + a) % 65521;
    }
    return b << 16 | a;
}

static void put_chunk(FILE *f, const char *type, const uint8_t *data, size_t n)
{
    uint8_t head[8], tail[4];
    put32(head, (uint32_t)n);
    memcpy(head + 4, type, 4);
    put32(tail, crc32(crc32(0, head + 4, 4), data, n));
    fwrite(head, 1, sizeof head, f);
    fwrite(data, 1, n, f);
    fwrite(tail, 1, sizeof tail, f);
}

/* The rows as a stream of zlib that is stored, not compressed. Returns its length. */
static size_t store(uint8_t *out, const uint8_t *rows, size_t n)
{
    uint8_t *p = out;
    *p++ = 0x78;
    *p++ = 0x01;
    for (size_t at = 0; at < n;) {
        size_t len = n - at < 65535 ? n - at : 65535;
        *p++ = at + len == n;
        *p++ = (uint8_t)len, *p++ = (uint8_t)(len >> 8);
        *p++ = (uint8_t)~len, *p++ = (uint8_t)(~len >> 8);
        memcpy(p, rows + at, len);
        p += len;
        at += len;
    }
    put32(p, adler32(rows, n));
    return (size_t)(p + 4 - out);
}

static void write_png(const char *path, const uint8_t *rows)
{
    size_t n = (size_t)HEIGHT * ROW;
    uint8_t *stream = malloc(n + n / 65535 * 5 + 64), header[13] = {[8] = 8, [9] = 2};
    FILE *f = fopen(path, "wb");
    if (!f || !stream) {
        perror(path);
        MPI_Abort(MPI_COMM_WORLD, 1);
        return;
    }
    put32(header, WIDTH);
    put32(header + 4, HEIGHT);
    fwrite("\x89PNG\r\n\x1a\n", 1, 8, f);
    put_chunk(f, "IHDR", header, sizeof header);
    put_chunk(f, "IDAT", stream, store(stream, rows, n));
    put_chunk(f, "IEND", NULL, 0);
    if (fclose(f) != 0) {
        perror(path);
        MPI_Abort(MPI_COMM_WORLD, 1);
    }
    free(stream);
}

/* gathered has the rows of rank 0, then those of rank 1, ...; each has `most` of them. */
static void write_picture(const char *path, const uint8_t *gathered, int most, int size)
{
    uint8_t *rows = malloc((size_t)HEIGHT * ROW);
    for (int j = 0; rows && j < HEIGHT; j++)
        memcpy(rows + (size_t)j * ROW, gathered + ((size_t)(j % size) * most + j / size) * ROW, ROW);
    if (rows)
        write_png(path, rows);
    free(rows);
}

static void say(const struct share *all, int size, double wall)
{
    double sum = 0;
    for (int r = 0; r < size; r++) {
        printf("rank %2d on %s: %4d rows in %.3f s\n", r, all[r].host, all[r].rows, all[r].seconds);
        sum += all[r].seconds;
    }
    printf("%d ranks: %.2f s of work in %.2f s\n", size, sum, wall);
}

int main(int argc, char **argv)
{
    int rank, size, length;
    char host[MPI_MAX_PROCESSOR_NAME];
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    if (argc != 2) {
        if (rank == 0)
            fprintf(stderr, "usage: mandelbrot FILE\n");
        MPI_Abort(MPI_COMM_WORLD, 2);
    }
    MPI_Get_processor_name(host, &length);

    struct share mine = {.rows = 0}, *all = calloc((size_t)size, sizeof *all);
    snprintf(mine.host, sizeof mine.host, "%.63s", host);
    int most = (HEIGHT + size - 1) / size;
    uint8_t *part = calloc((size_t)most, ROW), *gathered = rank == 0 ? calloc((size_t)most * size, ROW) : NULL;
    if (!all || !part || (rank == 0 && !gathered))
        MPI_Abort(MPI_COMM_WORLD, 1);

    double begun = MPI_Wtime();
    clock_t before = clock();
    for (int j = rank; j < HEIGHT; j += size)
        draw_row(part + (size_t)mine.rows++ * ROW, j);
    mine.seconds = (double)(clock() - before) / CLOCKS_PER_SEC;
    MPI_Gather(part, most * ROW, MPI_BYTE, gathered, most * ROW, MPI_BYTE, 0, MPI_COMM_WORLD);
    MPI_Gather(&mine, (int)sizeof mine, MPI_BYTE, all, (int)sizeof mine, MPI_BYTE, 0, MPI_COMM_WORLD);
    if (rank == 0) {
        say(all, size, MPI_Wtime() - begun);
        write_picture(argv[1], gathered, most, size);
        printf("the picture is in %s\n", argv[1]);
    }
    free(gathered);
    free(part);
    free(all);
    MPI_Finalize();
    return 0;
}
