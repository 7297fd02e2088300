/* SPDX-License-Identifier: MIT */
/*
 * record_png.c - the canvas of a plot as a PNG file, by cairo.
 */
#include "config.h"

#include <cairo.h>

#include "inspector/cmd/record.h"

static void
set_color(cairo_t *cr, uint32_t rgb)
{
	cairo_set_source_rgb(cr, (rgb >> 16 & 255) / 255.0,
			     (rgb >> 8 & 255) / 255.0, (rgb & 255) / 255.0);
}

static void
png_box(void *ctx, double x, double y, double w, double h, uint32_t fill)
{
	set_color(ctx, fill);
	cairo_rectangle(ctx, x, y, w, h);
	cairo_fill(ctx);
}

static void
png_line(void *ctx, const double *xy, size_t n, uint32_t color, double width,
	 bool dashed)
{
	static const double dash[] = { 4, 3 };
	size_t i;

	set_color(ctx, color);
	cairo_set_line_width(ctx, width);
	cairo_set_dash(ctx, dash, dashed ? 2 : 0, 0);
	cairo_new_path(ctx);	/* text leaves a point behind */
	for (i = 0; i < n; i++)
		cairo_line_to(ctx, xy[2 * i], xy[2 * i + 1]);
	cairo_stroke(ctx);
}

static void
png_text(void *ctx, double x, double y, int anchor, double size,
	 uint32_t color, const char *s)
{
	cairo_text_extents_t e;

	set_color(ctx, color);
	cairo_select_font_face(ctx, "sans-serif", CAIRO_FONT_SLANT_NORMAL,
			       CAIRO_FONT_WEIGHT_NORMAL);
	cairo_set_font_size(ctx, size);
	cairo_text_extents(ctx, s, &e);
	cairo_move_to(ctx, x - e.x_advance * (anchor + 1) / 2, y);
	cairo_show_text(ctx, s);
}

enum ot_status
record_png(const char *path,
	   void (*draw)(const struct canvas *c, const void *arg),
	   const void *arg, struct ot_err *err)
{
	cairo_surface_t *s = cairo_image_surface_create(CAIRO_FORMAT_RGB24,
							CANVAS_WIDTH,
							CANVAS_HEIGHT);
	cairo_t *cr = cairo_create(s);
	const struct canvas c = { cr, png_box, png_line, png_text };
	cairo_status_t st;

	draw(&c, arg);
	st = cairo_status(cr);
	if (st == CAIRO_STATUS_SUCCESS)
		st = cairo_surface_write_to_png(s, path);
	cairo_destroy(cr);
	cairo_surface_destroy(s);
	if (st == CAIRO_STATUS_SUCCESS)
		return OT_OK;
	return ot_fail(err, OT_FAILED, "cannot draw %s: %s", path,
		       cairo_status_to_string(st));
}
