"""What a JEOL answers otherwise: its inventory, tanks, gauges, gun and units (3.11, 4.11)."""
import clients
from harness import Section, Simulator, equal, holds

section = Section("jeol")
check = section.check


def on_jeol(code):
    simulator = Simulator(section.executable, options=["--kind", "jeol"])
    try:
        return clients.ask(simulator.port, "sem.NoMessageBoxOnError(1)\n" + code)
    finally:
        simulator.stop()


@check()
def cartridges_are_loaded_by_their_place_in_the_inventory(sem):
    told = on_jeol("""
tell(outcome(sem.ReportSlotStatus, 1))
tell(outcome(sem.LoadCartridge, 1))
tell(outcome(sem.LongOperation, "In"))
tell(outcome(sem.ReportLoadedSlot))
tell(outcome(sem.ReportSlotStatus, 2))
tell(outcome(sem.LoadCartridge, 2))
tell(outcome(sem.ReportSlotStatus, 2))
tell(outcome(sem.ReportLoadedSlot))
tell(outcome(sem.LoadCartridge, 2))
tell(outcome(sem.FindCartridgeWithID, int(sem.ReportSlotStatus(2)[0])))
tell(outcome(sem.UnloadCartridge))
tell(outcome(sem.ReportSlotStatus, 2))
tell(outcome(sem.ReportSlotStatus, 99))
""")
    equal("without an inventory", [told[0][0], told[1][0]], ["SEMerror", "SEMerror"])
    equal("the inventory", told[2], ["value", [0, 0]])
    equal("nothing on the stage", told[3], ["value", [-1, -1]])
    holds("an entry", len(told[4][1]) == 6 and told[4][1][1] == 1 and isinstance(told[4][1][5], str), "six values, in the magazine", told[4])
    equal("LoadCartridge", told[5], ["value", [0, 0]])
    equal("its station", told[6][1][1], 3)
    equal("index from 0 and number", told[7], ["value", [1, told[4][1][0]]])
    equal("once more", told[8][0], "SEMerror")
    equal("by its number", told[9], ["value", 2])
    equal("UnloadCartridge", told[10], ["value", [0, 0]])
    equal("its station is the storage", told[11][1][1], 2)
    equal("beyond the end", told[12], ["value", -1])


@check()
def tanks_gauges_and_gun_are_those_of_a_jeol(sem):
    told = on_jeol("""
for dewar in (0, 1, 2, 3): tell(outcome(sem.RefrigerantLevel, dewar))
tell(outcome(sem.AreDewarsFilling))
tell(outcome(sem.LongOperation, "RB", "0"))
tell(outcome(sem.LongOperation, "Re", "0"))
sem.Delay(10, "min")   # a refill lets gas into the column
tell(outcome(sem.ReportVacuumGauge, "Pen1"))
tell(outcome(sem.IsPVPRunning))
tell(outcome(sem.IsFEGFlashingAdvised, 0))
tell(outcome(sem.ReportFEGBeamCurrent))
tell(outcome(sem.SetFEGEmissionState, 0))
tell(outcome(sem.ReportFEGEmissionState))
tell(outcome(sem.ReportColumnOrGunValve))
tell(outcome(sem.SetFEGEmissionState, 1))
tell(outcome(sem.SetAlpha, 2))
tell(outcome(sem.ReportAlpha))
""")
    levels = [one[1] for one in told[:3]]
    holds("levels", levels[0] == min(levels[1:]), "0 is the lower of two", levels)
    equal("a tank that there is not", told[3][0], "SEMerror")
    equal("filling", told[4], ["value", 0])
    equal("both tanks", told[5], ["value", [0, 0]])
    equal("Thermo's refill", told[6][0], "SEMerror")
    holds("a gauge", told[7][1][0] == 3 and 0 <= told[7][1][1] <= 1, "3 and a fraction", told[7])
    equal("what a JEOL does not have", [one[0] for one in told[8:11]], ["SEMerror"] * 3)
    equal("emission", told[11:15], [["value", None], ["value", 0], ["value", -1], ["value", None]])
    equal("alpha", told[15:], [["value", None], ["value", 2]])


if __name__ == "__main__":
    section.run()
