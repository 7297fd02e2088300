#include "config.h"
#include "tests/unit/t_graph.h"
#include <stdio.h>
#include <stdlib.h>
TCase *
t_graph_pictures(void)
{
	return tcase_create("pictures");
}
