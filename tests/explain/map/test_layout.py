"""The places of boxes in a picture."""

from itertools import combinations

from providers.explain.map.boxes import Box, plan_box
from providers.explain.map.layout import WIDTH, flat, header, placed, slices
from providers.explain.map.page import address_plan
from tests.explain.map.samples import large, projects, shop


def box(bits, *inside):
    """A box with few words."""
    return Box("overlay", "", "app", "", "", bits, inside=inside)


def plan(stacks):
    """The address plan of stacks with every box in its place, and its height."""
    drawn = address_plan(stacks)
    return placed([plan_box(drawn, each) for each in drawn.blocks])


def test_width_grows_with_each_doubling():
    """A /8 beside a /24 is wider, and both have room for words."""
    small, medium, wide = (placed([box(bits)])[0][0].width for bits in (8, 16, 24))

    assert (100 < small, wide - medium) == (True, medium - small)


def test_row_that_is_full_is_followed_by_another():
    """No box is wider than the picture, and none stands beyond its edge."""
    found, height = placed([box(8)] * 20)

    assert (True, 4) == (all(each.x + each.width <= WIDTH for each in found), len({each.y for each in found}))
    assert height == max(each.y + each.height for each in found)


def test_boxes_of_a_row_are_of_one_height():
    """A box is as high as the box beside it that holds others."""
    found, _ = placed([box(8), box(8, box(4))])

    assert 1 == len({each.height for each in found})


def test_boxes_are_inside_their_box_and_apart():
    """In all pictures, no box leaves the one that it is in, and none covers its neighbour."""
    for stacks in (projects(), [shop()], [large()]):
        for each in flat(plan(stacks)[0]):
            assert all(
                each.x < inner.x
                and each.y + header(each.box) <= inner.y
                and inner.x + inner.width < each.x + each.width
                and inner.y + inner.height < each.y + each.height
                for inner in each.inside
            )
            assert all(
                one.x + one.width < other.x or one.y + one.height < other.y or other.y + other.height < one.y
                for one, other in combinations(each.inside, 2)
            )


def test_picture_is_cut_between_boxes():
    """Parts for paper: no words are cut, none is too high, and together they are the whole; what fits is one part."""
    small, fits = placed([box(8)])
    found, height = plan([large()])
    parts = list(slices(found, height, 400, 740))
    cuts = [bottom for _, bottom in parts[:-1]]

    assert [(0, fits)] == list(slices(small, fits, 400, 740))
    assert (0, height, len(parts) - 1) == (parts[0][0], parts[-1][1], len(cuts))
    assert all(bottom - top <= 740 for top, bottom in parts)
    assert [] == [
        each for each in flat(found) if not each.inside and any(each.y < cut < each.y + each.height for cut in cuts)
    ]
