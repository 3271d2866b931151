"""Magnification, spot, probe, intensity, focus readings and the energy filter (4.10, filter commands of 4.13)."""
from harness import Section, equal, holds, near, nothing, numbers, ready, refused, regular

section = Section("optics", ready)
check = section.check


@check("SetMag", "ReportMag", "SetMagIndex", "ReportMagIndex", "ChangeMag")
def a_magnification_is_set_by_value_index_and_steps(sem):
    sem.SetLowDoseMode(0)
    nothing("SetMagIndex", sem.SetMagIndex(20))
    index, low = numbers("ReportMagIndex", sem.ReportMagIndex(), 2)
    equal("ReportMagIndex", (index, low), (20, 0))
    magnification, low, mode = numbers("ReportMag", sem.ReportMag(), 3)
    holds("the mode", mode in (0, 1), "0 TEM or 1 EFTEM", mode)
    nothing("ChangeMag", sem.ChangeMag(-1))
    equal("one step down", sem.ReportMagIndex()[0], 19)
    holds("one step down", sem.ReportMag()[0] < magnification, f"less than {magnification}", sem.ReportMag()[0])
    nothing("SetMag", sem.SetMag(magnification))
    equal("set by value", sem.ReportMagIndex()[0], 20)
    sem.SetMagIndex(1)
    equal("the lowest is a low magnification", (sem.ReportMagIndex()[1], sem.ReportMag()[1]), (1, 1))
    refused(sem, "SetMag", 123456789)
    regular(sem)


@check("SetCamLenIndex", "ReportCameraLength")
def diffraction_has_a_camera_length_and_SetMag_leaves_it(sem):
    regular(sem)
    equal("ReportCameraLength outside diffraction", sem.ReportCameraLength(), 0)
    nothing("SetCamLenIndex", sem.SetCamLenIndex(3))
    holds("ReportCameraLength", numbers("m", sem.ReportCameraLength(), 1) > 0, "a length in m", 0)
    sem.SetMag(53000)
    equal("ReportCameraLength after SetMag", sem.ReportCameraLength(), 0)


@check("SetSpotSize", "ReportSpotSize")
def the_spot_size_is_kept(sem):
    before = numbers("ReportSpotSize", sem.ReportSpotSize(), 1)
    nothing("SetSpotSize", sem.SetSpotSize(4))
    equal("ReportSpotSize", sem.ReportSpotSize(), 4)
    refused(sem, "SetSpotSize", 99)
    sem.SetSpotSize(int(before))


@check("SetProbeMode", "ReportProbeMode")
def the_probe_mode_is_a_word_or_a_digit(sem):
    for text, number in (("nano", 0), ("micro", 1), ("0", 0), ("1", 1)):
        nothing("SetProbeMode", sem.SetProbeMode(text))
        equal(f"ReportProbeMode after {text}", sem.ReportProbeMode(), number)


@check("SetPercentC2", "ReportPercentC2", "ReportIlluminatedArea")
def the_intensity_is_read_in_percent_and_as_a_fraction(sem):
    regular(sem)
    percent, raw = numbers("ReportPercentC2", sem.ReportPercentC2(), 2)
    holds("the raw intensity", 0 <= raw <= 1, "0 to 1", raw)
    nothing("SetPercentC2", sem.SetPercentC2(percent * 1.1))
    near("ReportPercentC2", sem.ReportPercentC2()[0], percent * 1.1, 0.02 * abs(percent))
    sem.SetPercentC2(percent)
    area = numbers("ReportIlluminatedArea", sem.ReportIlluminatedArea(), 1)
    holds("ReportIlluminatedArea", 0 < area * 100 < 2000, "a diameter in um x 0.01", area)


@check("IncPercentC2", "SetIlluminatedArea", "ReportCrossoverPercentC2")
def steps_of_intensity_and_the_illuminated_area(sem):
    regular(sem)
    before = sem.ReportPercentC2()[0]
    nothing("IncPercentC2", sem.IncPercentC2(0.5))
    near("ReportPercentC2", sem.ReportPercentC2()[0], before + 0.5, 0.05)
    sem.IncPercentC2(-0.5)
    area = sem.ReportIlluminatedArea()
    nothing("SetIlluminatedArea", sem.SetIlluminatedArea(area * 1.5))
    near("ReportIlluminatedArea", sem.ReportIlluminatedArea(), area * 1.5, area * 0.02)
    sem.SetIlluminatedArea(area)
    numbers("ReportCrossoverPercentC2", sem.ReportCrossoverPercentC2(), 2)


@check("ChangeIntensityBy", "SetIntensityForMean")
def more_intensity_gives_more_counts(sem):
    regular(sem)
    sem.R()
    mean = sem.ReportMeanCounts("A")
    nothing("ChangeIntensityBy", sem.ChangeIntensityBy(0.5))
    sem.R()
    near("half the intensity", sem.ReportMeanCounts("A") / mean, 0.5, 0.12)
    nothing("SetIntensityForMean", sem.SetIntensityForMean(mean))
    sem.R()
    near("set for the mean", sem.ReportMeanCounts("A") / mean, 1, 0.12)


@check("SetDoseRate", "ElectronStats")
def a_dose_rate_is_reached(sem):
    regular(sem)
    sem.R()
    rate = numbers("ElectronStats", sem.ElectronStats("A"), 5)[4]
    nothing("SetDoseRate", sem.SetDoseRate(rate * 0.5))
    sem.R()
    near("half the dose rate", sem.ElectronStats("A")[4] / rate, 0.5, 0.12)
    sem.SetDoseRate(rate)


section.plain("ReportBeamSizeFromCalib", reports=1, or_refused=True)   # needs a calibration, and no Titan
section.plain("SetBeamSize", 2.0, or_refused=True)


@check("ReportConvergenceAngle", "SetParallelIllumination")
def what_the_illumination_can_tell(sem):
    for name, count in (("ReportConvergenceAngle", 1), ("SetParallelIllumination", 2)):
        numbers(name, getattr(sem, name)(), count)


@check("SetDefocus", "ReportDefocus", "ChangeFocus")
def defocus_is_set_changed_and_read(sem):
    regular(sem)
    nothing("SetDefocus", sem.SetDefocus(-3.5))
    near("ReportDefocus", numbers("ReportDefocus", sem.ReportDefocus(), 1), -3.5, 0.01)
    nothing("ChangeFocus", sem.ChangeFocus(-1.25))
    near("ReportDefocus", sem.ReportDefocus(), -4.75, 0.01)
    refused(sem, "ChangeFocus", 0)
    refused(sem, "ChangeFocus", 1001)
    refused(sem, "SetDefocus", 5001)
    near("after refusals", sem.ReportDefocus(), -4.75, 0.01)
    sem.SetDefocus(0)


@check("ReportFocus", "ReportAbsoluteFocus", "SetAbsoluteFocus", "SetEucentricFocus", "ResetDefocus")
def the_absolute_focus_does_not_depend_on_the_readout(sem):
    regular(sem)
    sem.SetDefocus(-2)
    focus = numbers("ReportFocus", sem.ReportFocus(), 1)
    near("ReportAbsoluteFocus", sem.ReportAbsoluteFocus(), focus, 1e-6)
    nothing("ResetDefocus", sem.ResetDefocus())
    near("the readout", sem.ReportDefocus(), 0, 0.01)
    near("the focus after ResetDefocus", sem.ReportFocus(), focus, 1e-6)
    sem.ChangeFocus(5)
    nothing("SetAbsoluteFocus", sem.SetAbsoluteFocus(focus))
    near("the focus that was set", sem.ReportFocus(), focus, 1e-4)
    holds("SetEucentricFocus", sem.SetEucentricFocus(1) in (0, -1), "0 or -1", sem.SetEucentricFocus(1))


@check("SaveFocus", "RestoreFocus")
def a_saved_focus_comes_back(sem):
    sem.SetDefocus(-1)
    nothing("SaveFocus", sem.SaveFocus())
    refused(sem, "SaveFocus")
    sem.SetDefocus(-9)
    nothing("RestoreFocus", sem.RestoreFocus())
    near("ReportDefocus", sem.ReportDefocus(), -1, 0.01)
    refused(sem, "RestoreFocus")
    sem.SaveFocus()
    sem.SetDefocus(-9)
    sem.Exit(1)
    near("restored when control ended", sem.ReportDefocus(), -1, 0.01)


@check("NormalizeLenses", "NormalizeAllLenses", "ReportHighVoltage", "ReportXLensMode")
def lenses_are_normalised_and_the_voltage_is_read(sem):
    nothing("NormalizeLenses", sem.NormalizeLenses(7))
    nothing("NormalizeAllLenses", sem.NormalizeAllLenses())
    holds("ReportHighVoltage", numbers("kV", sem.ReportHighVoltage(), 1) in (80, 100, 120, 200, 300), "kV", sem.ReportHighVoltage())
    holds("ReportXLensMode", sem.ReportXLensMode() in (0, 1), "1 or 0", None)


@check("GetFastScopeStatus")
def the_fast_status_is_in_variables(sem):
    regular(sem)
    nothing("GetFastScopeStatus", sem.GetFastScopeStatus())
    near("fastStageX, fastStageY", [float(sem.GetVariable(name)) for name in ("fastStageX", "fastStageY")], sem.ReportStageXYZ()[:2], 0.05)
    equal("fastMagIndex", float(sem.GetVariable("fastMagIndex")), sem.ReportMagIndex()[0])
    equal("fastSpotSize", float(sem.GetVariable("fastSpotSize")), sem.ReportSpotSize())


@check("ReportEDMDutyPercent", "SetEDMDutyPercent")
def the_dose_modulator_keeps_its_percentage(sem):
    nothing("SetEDMDutyPercent", sem.SetEDMDutyPercent(40))
    near("ReportEDMDutyPercent", numbers("%", sem.ReportEDMDutyPercent(), 1), 40, 0.5)
    sem.SetEDMDutyPercent(100)


@check("ReportEnergyFilter", "SetSlitIn", "SetSlitWidth", "SetEnergyLoss", "ChangeEnergyLoss")
def the_energy_filter_does_as_it_is_told(sem):
    sem.SetLowDoseMode(0)
    numbers("ReportEnergyFilter", sem.ReportEnergyFilter(), 3)
    nothing("SetSlitWidth", sem.SetSlitWidth(15))
    nothing("SetEnergyLoss", sem.SetEnergyLoss(8))
    nothing("SetSlitIn", sem.SetSlitIn(1))
    near("width, loss, slit in", sem.ReportEnergyFilter(), (15, 8, 1), 0.01)
    nothing("ChangeEnergyLoss", sem.ChangeEnergyLoss(-3))
    sem.SetSlitIn(0)
    near("width, loss, slit out", sem.ReportEnergyFilter(), (15, 5, 0), 0.01)
    refused(sem, "SetSlitWidth", 5000)
    sem.SetSlitWidth(20)
    sem.SetEnergyLoss(0)
    sem.SetSlitIn()
    near("in without an argument", sem.ReportEnergyFilter(), (20, 0, 1), 0.01)


@check("RefineZLP")
def the_zero_loss_peak_is_found_again(sem):
    regular(sem)
    sem.SetEnergyLoss(0)
    equal("RefineZLP", numbers("RefineZLP", sem.RefineZLP(-1, 0, 0, 1), 1), 0)
    nothing("RefineZLP within its interval", sem.RefineZLP(30, 0, 0, 1))


@check("CheckEucenByFocusCal")
def eucentricity_by_focus_is_calibrated_where_it_says_so(sem):
    regular(sem)
    equal("CheckEucenByFocusCal", numbers("here", sem.CheckEucenByFocusCal(), 1), 1)
    spot = sem.ReportSpotSize()
    equal("for the present spot", sem.CheckEucenByFocusCal(0, -1, int(spot)), 1)
    equal("for another one", sem.CheckEucenByFocusCal(0, -1, int(spot) + 1), 0)
    equal("in Low Dose", sem.CheckEucenByFocusCal(1) in (0, 1), True)
    index = int(sem.ReportMagIndex()[0])
    equal("for a magnification that there is not", sem.CheckEucenByFocusCal(0, 9999), 0)
    equal("for this one by index", sem.CheckEucenByFocusCal(0, index), 1)


@check("ReportXLensMode")
def an_x_lens_is_on_or_off(sem):
    holds("ReportXLensMode", numbers("mode", sem.ReportXLensMode(), 1) in (0, 1), "1 or 0", sem.ReportXLensMode())


if __name__ == "__main__":
    section.run()
