"""What a reader of the risk report must not conclude from it."""

from __future__ import annotations

from typing import Final

CAVEATS: Final = (
    (
        "Anchoring more often shrinks only one part of the margin.",
        "The diffusive part of the price move grows with the square root of the whole window, and the anchoring "
        "interval is only one stage of that window. Going from one hour to one minute divides the margin by 1.5 to "
        "3.7, never by 7.7.",
    ),
    (
        "The jump floor does not shrink with the interval.",
        "Once breaches are counted per year and not per window, jumps alone set a lowest margin. Below it faster "
        "anchoring releases nothing; the expected bad debt per window still falls, about in proportion to the "
        "interval.",
    ),
    (
        "A confidence of 99 % per window is the wrong target.",
        "With windows of one minute an account that sits at such a margin is breached 5,260 times a year. The margins"
        " of this page are breached as often per year as the budget says, whatever the window.",
    ),
    (
        "Margin that follows the root of the interval has its optimum by a two-thirds law.",
        "The best interval grows with gas cost to the power 2/3 and is flat: an interval twice too long or too short "
        "costs 11 to 14 % more. Slots of 12 seconds on L1 and the time that provers need bound it from below.",
    ),
    (
        "Real losses came from rollbacks and downtime, not from late anchors.",
        "Incidents of other rollups rolled back 18 minutes to an hour and took up to eight hours to recover. Recovery"
        " time sets that tail; it is not in this page (see kedge risk incidents).",
    ),
    (
        "Nothing here is calibrated to your market.",
        "Volatility, jumps, the share of positions at their margin and the cost of capital are inputs, listed below "
        "with where each came from. The window and the gas are this node's own.",
    ),
)
PROVED: Final = (
    "Proofs are checked off-chain in this version: no contract checks them. Until one does, the window to a proof "
    "that L1 itself has accepted is longer than the one shown here."
)
