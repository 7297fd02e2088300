# SPDX-License-Identifier: MIT
dist_pkgdata_DATA += inspector/demo/shop.py
