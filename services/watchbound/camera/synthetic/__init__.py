"""Synthetic sites: people who do not exist walk through scenes, and who was visible where and when is known."""

from watchbound.camera.synthetic.draw import walk_by
from watchbound.camera.synthetic.people import all_people, enrolment_photo
from watchbound.camera.synthetic.render import RenderedSite, render_site
from watchbound.camera.synthetic.spec import SiteSpec
from watchbound.camera.synthetic.truth import SiteTruth, read_truth
from watchbound.domain.ground_truth import FaceTruth, FrameTruth, Passage

__all__ = [
    "FaceTruth",
    "FrameTruth",
    "Passage",
    "RenderedSite",
    "SiteSpec",
    "SiteTruth",
    "all_people",
    "enrolment_photo",
    "read_truth",
    "render_site",
    "walk_by",
]
