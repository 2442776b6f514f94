"""MediaPipe's 478 landmark numbers by what they lie on."""

from __future__ import annotations

COUNT = 478
FIRST_IRIS = 468
OUTER_EYE_CORNERS = (33, 263)
MOUTH_CORNERS = (61, 291)
CHEEKS = (50, 280, 101, 330, 205, 425, 36, 266)

FACE_OVAL = (
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377,
    152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
)  # fmt: skip

# Contours of the lips, closed, from the right corner over the lower lip.
OUTER_LIPS = (
    61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185,
)  # fmt: skip
INNER_LIPS = (
    78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191,
)  # fmt: skip
LIPS = OUTER_LIPS + INNER_LIPS
# Pairs from right to left, without the corners.
INNER_LIP_UPPER = (191, 80, 81, 82, 13, 312, 311, 310, 415)
INNER_LIP_LOWER = (95, 88, 178, 87, 14, 317, 402, 318, 324)

# Contours of the eyes by the person's own side, from the outer corner over the lower lid.
LIDS = {
    "right": (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246),
    "left": (263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466),
}
UPPER_LIDS = {
    "right": (246, 161, 160, 159, 158, 157, 173),
    "left": (466, 388, 387, 386, 385, 384, 398),
}
LOWER_LIDS = {
    "right": (7, 163, 144, 145, 153, 154, 155),
    "left": (249, 390, 373, 374, 380, 381, 382),
}
IRIS_CENTRES = {"right": 468, "left": 473}
"""Each is followed by four points on the rim of the iris."""
